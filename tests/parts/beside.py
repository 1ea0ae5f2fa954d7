"""The data tests once more, on PostgreSQL, in a second pytest beside this one.

Where a cluster is given it starts as soon as the tests are collected, at a lower
priority, and is done long before the browser's tests need both cores.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO

import pytest

from tests.parts.postgres import ADDRESS, fresh_database

TESTS = Path(__file__).parent.parent
#: Rooms whose tests touch the database; the rest has nothing that could differ.
ROOMS = ("storage", "search", "actions", "access", "api", "pages")
#: And of a room whose other tests start servers of their own.
FILES = tuple(
    f"delivery/test_{name}.py"
    for name in ("rows", "log_appends", "writers", "snapshots")
)
_STARTED = pytest.StashKey["Beside"]()


class Beside:
    """A second pytest on a database of its own; what it prints lies in a file."""

    def __init__(self, postgres: str) -> None:
        self._printed: IO[str] = tempfile.TemporaryFile("w+")  # noqa: SIM115
        quiet = ["-m", "pytest", "--quiet", "-p", "no:cacheprovider"]
        rooms = [str(TESTS / room) for room in (*ROOMS, *FILES)]
        self.process = subprocess.Popen(
            ["nice", "-n", "10", sys.executable, *quiet, *rooms],
            env={**os.environ, "DATABASE_URL": fresh_database(postgres)},
            cwd=TESTS.parent,
            stdin=subprocess.DEVNULL,
            stdout=self._printed,
            stderr=subprocess.STDOUT,
        )

    def end(self) -> tuple[int, str]:
        """What it ended with, and the last of what it printed."""
        status = self.process.wait()
        self._printed.seek(0)
        return status, self._printed.read()[-24_000:]

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()
        self._printed.close()


def on_postgresql(config: pytest.Config, postgres: str) -> Beside:
    """The one that is under way, or a new one."""
    if _STARTED not in config.stash:
        config.stash[_STARTED] = Beside(postgres)
    return config.stash[_STARTED]


def pytest_collection_finish(session: pytest.Session) -> None:
    given = os.environ.get(ADDRESS)
    wanted = any(item.path.name == "test_postgres.py" for item in session.items)
    if given and wanted and not session.config.option.collectonly:
        on_postgresql(session.config, given)


def pytest_unconfigure(config: pytest.Config) -> None:
    if _STARTED in config.stash:
        config.stash[_STARTED].stop()
