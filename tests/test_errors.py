"""How a command ends, as its user sees it."""

import os
import subprocess
import sys

import pytest

from zsstad_core.errors import SettingsError, did_you_mean, friendly, nearest_name


def test_a_refusal_is_one_line_and_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    @friendly
    def main() -> None:
        raise SettingsError("split is 9")

    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 2
    assert capsys.readouterr() == ("", "error: split is 9\n")


@pytest.mark.fault(2)
def test_ctrl_c_says_how_to_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    @friendly
    def main() -> None:
        raise KeyboardInterrupt

    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 130
    assert capsys.readouterr().err == "stopped; finished units are kept, the same command goes on from here\n"


def test_our_own_mistakes_keep_their_traceback() -> None:
    @friendly
    def main() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        main()


PRINTS = """
from zsstad_core.errors import friendly

@friendly
def main():
    {body}

main()
"""


@pytest.mark.parametrize("body", ["print('x' * 1_000_000)", "print('x')"])  # more than a pipe holds, and less
def test_a_reader_that_has_enough_is_no_mistake(body: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", PRINTS.format(body=body)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={
            name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"
        },  # less waits till the end
    )
    assert process.stdout is not None
    process.stdout.close()
    assert (process.wait(), process.stderr.read() if process.stderr else None) == (141, "")


def test_another_pipe_that_breaks_is_our_own_mistake() -> None:
    @friendly
    def main() -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        main()


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("kick ball", "kick_ball"),
        ("Kick-Ball", "kick_ball"),
        ("vit-b16", "ViT-B-16"),
        ("gol", "golf"),
        ("juggle", None),
    ],
)
def test_the_name_that_was_meant_is_found_whatever_its_case_and_blanks(name: str, near: str | None) -> None:
    names = ["golf", "kick_ball", "ViT-B-16"]
    assert nearest_name(name, names) == near
    assert did_you_mean(name, names) == (f" (did you mean {near}?)" if near else "")
