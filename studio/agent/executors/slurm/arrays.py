"""Submissions that wait while another is under way become one Slurm job array.

So a sweep of hundreds is a few calls of `sbatch`, and a single run waits for nothing.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from studio.agent.executors.executor import (
    EngineUnavailable,
    MayStart,
    StartWithdrawn,
    SubmissionPostponed,
)

#: Slurm's default for `MaxArraySize` is 1001.
MAX_TASKS = 1000
#: Next to the folder with the jobs' folders. Each array has a folder with links to
#: those of its tasks, named by their numbers: one script serves all.
ARRAYS_FOLDER = "arrays"


@dataclass(eq=False)
class WaitingSubmission:
    """A job's folder that a thread wants to submit; `options` are those of `sbatch`."""

    folder: Path
    options: str
    #: Asked when its turn comes.
    may_start: MayStart = None
    is_done: bool = False
    error: Exception | None = None


class ArrayGate:
    """Lets one submission through at a time, with the waiting ones of its options."""

    def __init__(self, submit: Callable[[Sequence[WaitingSubmission]], None]) -> None:
        """`submit` submits them all; it can set the `error` of single ones."""
        self._submit = submit
        self.waiting: list[WaitingSubmission] = []
        #: Who has it submits; the others wait for it.
        self.turn, self._lock = threading.Lock(), threading.Lock()

    def pass_through(self, own: WaitingSubmission) -> None:
        """Return when it is submitted, or raise what refused it."""
        with self._lock:
            self.waiting.append(own)
        with self.turn:
            if not own.is_done:
                self._submit_with(own)
        if own.error is not None:
            raise own.error

    def _submit_with(self, own: WaitingSubmission) -> None:
        with self._lock:
            found = [one for one in self.waiting if one.options == own.options]
            batch = [own, *(one for one in found if one is not own)][:MAX_TASKS]
            self.waiting = [one for one in self.waiting if one not in batch]
        # Their turn can come late: another agent can have such a job by now.
        due = [one for one in batch if one.may_start is None or one.may_start()]
        try:
            if due:
                self._submit(due)
        except Exception as error:  # noqa: BLE001
            # Each thread raises it for its own job.
            for one in due:
                one.error = error
        for one in batch:
            if one not in due:
                one.error = StartWithdrawn(f"{one.folder.name} waited for too long")
            one.is_done = True


def submit_in_parts(
    batch: Sequence[WaitingSubmission],
    submit: Callable[[Sequence[WaitingSubmission]], None],
    *,
    is_full: bool,
) -> bool:
    """Submit as many as Slurm has room for, in few calls; each gets its own error.

    `submit` submits a part whole, or raises. Returns whether Slurm has no more room; if
    it had none before, one job alone is tried first.
    """
    rest, count, is_split = list(batch), 1 if is_full else len(batch), False
    while rest:
        part, rest = rest[:count], rest[count:]
        try:
            submit(part)
        except (EngineUnavailable, SubmissionPostponed) as error:
            is_full = isinstance(error, SubmissionPostponed)
            if len(part) == 1 or not is_full:
                for one in (*part, *rest):
                    one.error = one.error or error
                return is_full
            is_split, count = True, len(part) // 2
        except OSError as error:
            # A cluster can have no arrays; and each job has its own refusal.
            is_split, count = True, 1
            if len(part) == 1:
                part[0].error = error
                continue
        else:
            is_full = False
            # After a refusal, less than this part is left of the room.
            count = max(1, len(part) // 2) if is_split else len(rest)
            continue
        rest = [one for one in (*part, *rest) if one.error is None]
    return is_full


def link_tasks(name: str, folders: Sequence[Path]) -> Path:
    """Create the folder of an array; returns it. Raises OSError."""
    arrays = folders[0].parent.parent / ARRAYS_FOLDER
    arrays.mkdir(mode=0o700, exist_ok=True)
    for old in arrays.iterdir():
        _remove_unused(old)
    place = arrays / name
    place.mkdir(mode=0o700)
    for number, folder in enumerate(folders):
        (place / str(number)).symlink_to(folder)
    return place


def _remove_unused(place: Path) -> None:
    """Delete an array's folder once those of all its tasks are deleted."""
    with contextlib.suppress(OSError):
        links = list(place.iterdir())
        if not any(link.exists() for link in links):
            for link in links:
                link.unlink()
            place.rmdir()
