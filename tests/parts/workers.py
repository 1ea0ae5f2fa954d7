"""Spread the tests over processes: `python -m pytest -n 2`.

A file runs in one process, since its tests share what a module's fixtures build. Each
process has a database, servers and a browser of its own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

TESTS = Path(__file__).parent.parent
#: Their files take longest: the first wait most of the time, the others compute. They
#: run first and mixed, so that all processors are used and all processes end together.
WAITING_FOLDERS = tuple("web delivery runner sdk".split())
COMPUTING_FOLDERS = tuple("e2e backup commands upgrades cli".split())


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling:
    config.option.loadscopereorder = False
    return LoadFileScheduling(config, log)


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
