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
#: Their files take longest. They run first, so that all processes end together; of
#: these first those that wait most, while other checks need the processors.
SLOW_FOLDERS = tuple("web delivery runner sdk cli upgrades backup commands e2e".split())


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling:
    config.option.loadscopereorder = False
    return LoadFileScheduling(config, log)


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    if hasattr(config, "workerinput"):
        items.sort(key=folder_rank)


def folder_rank(item: pytest.Item) -> int:
    folder = item.path.relative_to(TESTS).parts[0]
    is_slow = folder in SLOW_FOLDERS
    return SLOW_FOLDERS.index(folder) if is_slow else len(SLOW_FOLDERS)
