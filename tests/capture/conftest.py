"""Scripts whose output is captured, against a real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.capture.captured import Script
from tests.parts.server import Server, kill_tree


@pytest.fixture
def script(server: Server, tmp_path: Path) -> Iterator[Script]:
    script = Script(server, tmp_path)
    yield script
    for process in script.started:
        if process.poll() is None:
            kill_tree(process)
