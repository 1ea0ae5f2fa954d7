"""Scheduled backups: the worker starts `manage.py backup` and does not wait for it."""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from django.conf import settings

from runs.management.backup.backup_folder import BackupFolder, time_of_backup
from runs.management.supervisor import child_command

log = logging.getLogger("studio.worker")

HOUR_MS = 3_600_000
#: Requests come first.
NICENESS = 10
STOP_SECONDS = 5.0


@dataclass(frozen=True)
class Schedule:
    path: Path
    every_ms: int
    keep: int


def configured_schedule() -> Schedule | None:
    """What the settings say; None without `STUDIO_BACKUP_PATH`."""
    path: Path | None = settings.BACKUP_PATH
    if path is None:
        return None
    return Schedule(path, settings.BACKUP_HOURS * HOUR_MS, settings.BACKUP_KEEP)


class ScheduledBackups:
    """Each call looks whether a backup ended, and starts one that is due."""

    def __init__(self, schedule: Schedule | None) -> None:
        self._schedule = schedule
        self._process: subprocess.Popen[bytes] | None = None
        self._output: IO[bytes] | None = None
        self._every_ms = schedule.every_ms if schedule else 0
        self._not_before = 0
        atexit.register(self.stop)

    def __call__(self, now: int) -> None:
        if self._schedule is None:
            return
        if self._process is not None:
            if self._process.poll() is None:
                return
            self._finish_backup(now)
        if now >= self._not_before and is_due(self._schedule, now):
            self._start_backup(self._schedule)

    def is_running(self) -> bool:
        """Whether a backup was started and its end not yet noted."""
        return self._process is not None

    def stop(self) -> None:
        """With the worker ends its backup; what it wrote does not count."""
        if self._process is not None:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_SECONDS)
            self._process = None

    def _start_backup(self, schedule: Schedule) -> None:
        manage = str(settings.BASE_DIR / "manage.py")
        keep = f"--keep={schedule.keep}"
        # Nothing reads the output before the end: a full pipe would block the backup.
        self._output = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = subprocess.Popen(
            child_command(manage, "backup", str(schedule.path), keep),
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
        )
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, self._process.pid, NICENESS)

    def _finish_backup(self, now: int) -> None:
        assert self._process is not None
        assert self._output is not None
        with self._output as output:
            output.seek(0)
            printed = output.read().decode(errors="replace").strip()
        if self._process.returncode:
            # The cause of a failure can last, so not at every tick.
            self._not_before = now + HOUR_MS
            last = printed.splitlines()[-1] if printed else "it was stopped"
            log.error("The scheduled backup failed: %s", last)
        else:
            log.info("Scheduled backup: %s", printed)
            self._not_before = now + self._every_ms
        self._process = None


def is_due(schedule: Schedule, now: int) -> bool:
    stamps = BackupFolder(schedule.path).complete_backups()
    if not stamps:
        return True
    age = now - time_of_backup(stamps[-1]).timestamp() * 1000
    # A time in the future says nothing: the clock was wrong then, or is now.
    return age >= schedule.every_ms or age < -schedule.every_ms
