"""The agent notices at once that a process of its own has ended."""

from __future__ import annotations

import signal
import subprocess
import time

from studio.agent.wakeup import AgentSignals, Wakeup

LONG = 60.0


def test_the_end_of_a_process_wakes_the_loop() -> None:
    wakeup = Wakeup()
    began = time.monotonic()
    with wakeup, AgentSignals(lambda: None, wakeup.set):
        process = subprocess.Popen(["true"])
        wakeup.wait(LONG)
        assert time.monotonic() - began < LONG
        process.wait()


def test_the_handlers_of_before_are_restored() -> None:
    before = signal.getsignal(signal.SIGCHLD), signal.getsignal(signal.SIGTERM)
    with AgentSignals(lambda: None, lambda: None):
        assert signal.getsignal(signal.SIGCHLD) != before[0]
    after = signal.getsignal(signal.SIGCHLD), signal.getsignal(signal.SIGTERM)
    assert after == before
