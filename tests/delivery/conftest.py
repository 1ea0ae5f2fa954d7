"""A REST client of a contributor; scripts against a real server."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.sdk.delivery import shutdown
from tests.api.rest import Rest, rest_client
from tests.delivery.script_actor import Actor
from tests.parts.server import Server


@pytest.fixture
def rest(db: None, files_dir: Path) -> Rest:
    return rest_client()


@pytest.fixture
def actor(server: Server, tmp_path: Path) -> Actor:
    return Actor(server, tmp_path / "spool")


@pytest.fixture(autouse=True)
def losses(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """What writers of this process lost, which else would be its own exit status."""
    mine: dict[str, int] = {}
    monkeypatch.setattr(shutdown._ProcessState, "lost", mine)
    return mine
