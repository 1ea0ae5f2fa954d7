"""Empty folders for logs and their index."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runs.search.log_index.matching_runs import forget_read_blocks


@pytest.fixture(autouse=True)
def log_folders(tmp_path: Path, settings: Any) -> Path:
    settings.FILES_DIR = tmp_path / "files"
    settings.LOG_INDEX_DIR = tmp_path / "log-index"
    forget_read_blocks()
    return tmp_path
