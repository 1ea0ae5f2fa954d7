"""A REST client of a contributor, and an empty folder for files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.api.rest import Rest, rest_client


@pytest.fixture
def rest(db: None, files_dir: Path) -> Rest:
    return rest_client()
