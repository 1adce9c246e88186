"""A stage's missing units: what is said where there are none to make."""

import pytest

from zsstad_core.work import Work, run


def test_a_stage_of_which_the_method_reads_nothing_says_so_and_loads_no_model(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def prepare() -> None:
        raise AssertionError("a model was loaded")

    run(Work("encode", [], prepare))
    assert capsys.readouterr().out == ("encode: nothing to make, the method reads nothing of it under these settings\n")
