"""Waiting for a descriptor where many are open."""

from __future__ import annotations

import fcntl
import os
import resource
from collections.abc import Iterator

import pytest

from studio.core.readiness import wait_readable

#: The first that `select.select` does not take.
HIGH = 1024


@pytest.fixture
def hard_limit() -> Iterator[int]:
    """The most descriptors that this process can ask for; restores how many it has."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield before[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def test_a_descriptor_can_be_waited_for_until_it_has_something(
    pipe: tuple[int, int],
) -> None:
    assert not wait_readable(pipe[0], -1.0)
    os.write(pipe[1], b"x")
    assert wait_readable(pipe[0], 60.0)


def test_a_descriptor_can_have_a_high_number(
    pipe: tuple[int, int], hard_limit: int
) -> None:
    # Other tests of this process can have left descriptors open.
    limit = 2 * HIGH + max(pipe)
    if hard_limit != resource.RLIM_INFINITY and hard_limit < limit:
        pytest.skip("The limit of open files is too low")
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard_limit))
    descriptor = fcntl.fcntl(pipe[0], fcntl.F_DUPFD, HIGH)
    try:
        os.write(pipe[1], b"x")
        assert wait_readable(descriptor, 60.0)
    finally:
        os.close(descriptor)


def test_waiting_needs_no_descriptor_of_its_own(
    pipe: tuple[int, int], hard_limit: int
) -> None:
    os.write(pipe[1], b"x")
    next_number = os.dup(pipe[0])
    os.close(next_number)
    resource.setrlimit(resource.RLIMIT_NOFILE, (next_number, hard_limit))
    with pytest.raises(OSError, match="Too many open files"):
        os.dup(pipe[0])
    assert wait_readable(pipe[0], 60.0)
