"""A shell, and folders of jobs, for each test; what they started is ended with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parts.server import Server, kill_tree
from tests.runner.job_folders import JobFolders
from tests.runner.launched import Shell


@pytest.fixture
def shell(server: Server, tmp_path: Path) -> Iterator[Shell]:
    shell = Shell(server, tmp_path)
    yield shell
    for process in shell.started:
        if process.poll() is None:
            kill_tree(process)


@pytest.fixture
def jobs(server: Server, tmp_path: Path) -> Iterator[JobFolders]:
    folders = JobFolders(server, tmp_path)
    yield folders
    folders.end()
