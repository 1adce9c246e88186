"""Words of a command line that are longer than shlex is made for."""

import shlex

from hypothesis import given
from hypothesis import strategies as st

from zsstad_core.command_line import split_words


def split(by, text: str) -> list[str] | None:
    try:
        return by(text)
    except ValueError:
        return None


@given(st.text(st.sampled_from("a=\\\\'\" \t\n#$é,") | st.characters()))
def test_words_are_those_that_shlex_finds(text: str) -> None:
    assert split(split_words, text) == split(shlex.split, text)


def test_a_long_word_is_one_word() -> None:
    """shlex.split takes half a minute for it."""
    word = 'it\'s a "label", ' * 60_000
    assert split_words(f"a={shlex.quote(word)} b=2") == [f"a={word}", "b=2"]
