"""Workspaces of the session's server, for scripts that run in this process."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.sdk import Workspace
from tests.parts.owner_token import owner_token
from tests.parts.server import Server


@pytest.fixture
def workspace(
    sdk_variables: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Workspace:
    """The workspace of a contributor, who works in an empty folder."""
    del sdk_variables
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return Workspace.from_config()


@pytest.fixture(scope="session")
def token_of_owner(server: Server) -> str:
    return owner_token(server.home, server.environment)


@pytest.fixture
def owned(
    workspace: Workspace, token_of_owner: str, monkeypatch: pytest.MonkeyPatch
) -> Workspace:
    """The same workspace of its owner."""
    del workspace
    monkeypatch.setenv("STUDIO_TOKEN", token_of_owner)
    return Workspace.from_config()
