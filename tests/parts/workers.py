"""Spread the tests over processes: `python -m pytest -n 2`.

A file runs in one process, since its tests share what a module's fixtures build. So do
the files of a few folders, which share what takes long to build. Each process has a
database, servers and a browser of its own. They collect the tests without compiling a
fresh checkout twice.
"""

from __future__ import annotations

import fcntl
import gc
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest
from xdist.scheduler import LoadFileScheduling

TESTS = Path(__file__).parent.parent
#: Their files take longest: the first wait most of the time, the others compute. They
#: run first and mixed, so that all processors are used and all processes end together.
WAITING_FOLDERS = tuple("web delivery runner sdk".split())
COMPUTING_FOLDERS = tuple("backup e2e commands upgrades cli".split())
#: How the names of files begin that run in one process. A name counts for the first.
SHARING = ("tests/backup/", "tests/e2e/list/test_", "tests/e2e/list/")

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


class SharingScheduling(LoadFileScheduling):
    """What runs in one process is a file, or the files of a `SHARING` name."""

    def _split_scope(self, nodeid: str) -> str:
        shared = (name for name in SHARING if nodeid.startswith(name))
        return next(shared, nodeid.partition("::")[0])


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling:
    config.option.loadscopereorder = False
    return SharingScheduling(config, log)


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    if hasattr(config, "workerinput"):
        ranks = rank_files(list(dict.fromkeys(item.path for item in items)))
        items.sort(key=lambda item: ranks[item.path])


def rank_files(paths: list[Path]) -> dict[Path, float]:
    """Between 0 and 1 for files of slow folders, evenly for each kind; 1 for others."""
    ranks = dict.fromkeys(paths, 1.0)
    for folders in (WAITING_FOLDERS, COMPUTING_FOLDERS):
        found = [path for path in paths if folder_of(path) in folders]
        found.sort(key=lambda path: folders.index(folder_of(path)))
        ranks |= {path: at / len(found) for at, path in enumerate(found)}
    return ranks


def folder_of(path: Path) -> str:
    return path.relative_to(TESTS).parts[0]
