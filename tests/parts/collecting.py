"""Collect the tests in several processes of one checkout without doing work twice."""

from __future__ import annotations

import fcntl
import gc
from collections.abc import Iterator
from typing import IO

import pytest

# Nothing that is imported or collected becomes garbage.
gc.disable()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection(session: pytest.Session) -> Iterator[None]:
    """Let the first process compile what a fresh checkout has not compiled yet.

    Processes that start at the same time would each compile all modules and rewrite the
    assertions of all tests. They wait for the first, and then collect side by side.
    """
    with (session.config.rootpath / "pyproject.toml").open("rb") as checkout:
        if not is_first(checkout):
            fcntl.flock(checkout, fcntl.LOCK_SH)
        return (yield)


def is_first(checkout: IO[bytes]) -> bool:
    try:
        fcntl.flock(checkout, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Later collections skip what stays until the process ends."""
    gc.freeze()
    gc.enable()
