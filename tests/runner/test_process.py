"""Whether a command's process group still lives."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from studio.core.cancel_signals import CancelSignal
from studio.runner.process import CommandProcess
from studio.runner.streams import OutputStream
from tests.parts.waiting import becomes


@pytest.fixture
def stream() -> Iterator[OutputStream]:
    target = os.open(os.devnull, os.O_WRONLY)
    stream = OutputStream(target, lambda _chunk: None)
    yield stream
    assert stream.join(60)
    os.close(target)


def test_a_group_whose_processes_were_not_waited_for_has_ended(
    stream: OutputStream,
) -> None:
    process = CommandProcess("sleep", ["sleep", "600"], os.environ, [stream])
    assert process.has_group()
    process.send(CancelSignal.KILL)
    # Without `poll`, its entry stays in the group.
    assert becomes(lambda: not process.has_group())
    os.killpg(process.pid, 0)
    assert process.poll() == -9
