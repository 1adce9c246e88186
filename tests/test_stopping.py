"""A signal that comes where Python drops exceptions ends the command all the same."""

import signal
import subprocess
import sys

import pytest

SCRIPT = """
import os, sys, time
from zsstad_core.errors import friendly

class Dropped:
    def __del__(self):
        os.kill(os.getpid(), {number})
        time.sleep(0)  # the handler runs here, and what it raises is dropped

@friendly
def main():
    Dropped()
    print("went on", flush=True)
    while True:
        time.sleep(0.01)

main()
"""


@pytest.mark.fault(2)
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_in_a_destructor_ends_the_command(number: signal.Signals, code: int) -> None:
    script = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n" + SCRIPT.format(
        number=int(number)
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (code, "went on\n")
    assert ended.stderr == "stopped; finished units are kept, the same command goes on from here\n"
