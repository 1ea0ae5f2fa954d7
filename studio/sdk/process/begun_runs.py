"""The runs that this process began and has not ended."""

from __future__ import annotations

import os
from typing import Protocol

from studio.sdk.process.exit_reason import ExitReason


class BegunRun(Protocol):
    """What the end of a process, or a cancel request, needs of a run."""

    @property
    def id(self) -> str: ...

    @property
    def is_ending(self) -> bool:
        """Whether its end has begun: `complete`, `fail` or `cancel`."""

    @property
    def is_ended(self) -> bool: ...

    def note_end(self, reason: ExitReason) -> None:
        """Write to the spool how the run ends, in case the process is killed now."""

    def conclude(self, reason: ExitReason, seconds: float | None = None) -> None:
        """Deliver everything and end the run; after `seconds` leave the rest."""

    def leave_to_parent(self) -> None:
        """Called in a forked child: it logs to the run, and the parent ends it."""

    def report_signal(self, signal: str) -> None:
        """Tell the server that a signal was sent because of a cancel request."""


class _Begun:
    runs: list[BegunRun] = []  # noqa: RUF012
    process = os.getpid()


def add_run(run: BegunRun) -> None:
    _Begun.runs.append(run)


def is_forked() -> bool:
    """Whether this is a child that has just been forked.

    A signal can reach it before the functions that Python calls after a fork.
    """
    return os.getpid() != _Begun.process


def forget_run(run: BegunRun) -> None:
    """Leave the run alone from now on: it has ended."""
    _Begun.runs = [one for one in _Begun.runs if one is not run]


def open_runs() -> list[BegunRun]:
    """The runs that have not ended, the newest first: children before parents."""
    if is_forked():
        return []
    return [run for run in reversed(_Begun.runs) if not run.is_ended]


def _forget_all() -> None:
    """In a forked child: the runs belong to the parent."""
    for run in _Begun.runs:
        run.leave_to_parent()
    _Begun.runs, _Begun.process = [], os.getpid()


# Windows has no fork.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)
