"""Waiting for a condition, never for a fixed time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import psutil

Result = TypeVar("Result")


def becomes(condition: Callable[[], bool], seconds: float = 120) -> bool:
    """Whether the condition holds within that time, which is for a slow machine."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def is_gone(pid: int) -> bool:
    """Whether a process has ended, even if its parent has not noticed yet."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def run_apart(
    work: Coroutine[Any, Any, Result],
    run: Callable[[Coroutine[Any, Any, Result]], Result] = asyncio.run,
) -> Result:
    """Run a coroutine in a thread: browser tests leave this one with a running loop."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run, work).result()
