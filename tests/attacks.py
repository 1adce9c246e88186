"""Texts that make, a shell or a parser might take for more than texts. What could run something touches `CANARY`."""

CANARY = "canary"

EVALUATED = [
    f"$(shell touch {CANARY})",
    f"${{shell touch {CANARY}}}",
    f"$$(touch {CANARY})",
    f"$(touch {CANARY})",
    f"`touch {CANARY}`",
    f"a; touch {CANARY}; ",
    f"'; touch {CANARY}; '",
    f'"; touch {CANARY}; "',
    f"\\'; touch {CANARY}; \\'",
    f"a\ntouch {CANARY}",
    f"a\n\ttouch {CANARY}\n",
    f"a\nall: ; touch {CANARY}\nendef\n",
    f"a\\\ntouch {CANARY}",
    f"a | touch {CANARY}",
    f"a && touch {CANARY} &",
    f"a > {CANARY}",
    f"<(touch {CANARY})",
    f"$(file >{CANARY},x)",
    f"$(eval $(shell touch {CANARY}))",
    f"$(call quoted,'; touch {CANARY}; ')",
    f"a # $(shell touch {CANARY})",
    f"$(error stopped)$(shell touch {CANARY})",
    f":=$(shell touch {CANARY})",
    f"$(foreach x,1,$(shell touch {CANARY}))%",
]

STRANGE = [
    *("%", "a%b", "#", "a#b \\#", "$", "$$", "$@ $< $(MAKE)", "\\", "a\\", "\\n", "\\\\n", "'", '"', "it's", "a  b"),
    *("--help", "-x", "@file", "--choices=Makefile", "*", "[a-z]?", "~", "~root", "{a,b}", "!!", "=", "a=b", "a:b"),
    *(
        ",",
        ";",
        "a, b; c",
        "é ü 漢字 \u202e",
        "a\r",
        "a\r\nb",
        "\x1b[31m",
        "\x7f",
        "a\x85\u2028b",
        "a\udcffb",
        "é" * 90,
    ),
]

TEXTS = [*EVALUATED, *STRANGE]
