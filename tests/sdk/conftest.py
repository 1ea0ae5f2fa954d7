"""Scripts of users, run as they run them: a process, the shim, a live server."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.parts.server import Server
from tests.sdk.user import User


@pytest.fixture(scope="module")
def user(server: Server, tmp_path_factory: pytest.TempPathFactory) -> User:
    """A user whose shell has evaluated `studio env`, in a folder of their own."""
    folder: Path = tmp_path_factory.mktemp("user")
    return User(server, folder)


@pytest.fixture
def sdk_variables(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variables of `studio env`, for scripts that run in this process."""
    for name, value in server.environment.items():
        if name != "PYTHONPATH":
            monkeypatch.setenv(name, value)
    for name in ("STUDIO_JOBS", "STUDIO_CACHE", "STUDIO_SPOOL"):
        monkeypatch.setenv(name, str(tmp_path / name))
