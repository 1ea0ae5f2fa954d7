"""Which server commands talk to: the one that scripts of this shell log to."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from studio.cli.server import connect
from studio.core.private_files import write_private


@pytest.fixture
def other_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One that runs on this machine, while the shell names another."""
    known = '{"url": "http://127.0.0.1:1", "token": "rs_here", "workspace": "here"}'
    write_private(tmp_path / "client.json", known)
    monkeypatch.setenv("STUDIO_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for name in ("STUDIO_TOKEN", "STUDIO_WORKSPACE", "STUDIO_MODE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("STUDIO_URL", "http://127.0.0.1:2/")


@pytest.mark.usefixtures("other_server")
def test_the_server_of_the_environment_is_used_without_a_workspace_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("STUDIO_TOKEN", "rs_there")
    client = connect()
    assert (client.url, client.token) == ("http://127.0.0.1:2", "rs_there")
    assert client.workspace == "default"


@pytest.mark.usefixtures("other_server")
def test_a_server_without_a_stored_token_is_not_contacted() -> None:
    with pytest.raises(click.ClickException, match="STUDIO_TOKEN is not"):
        connect()


@pytest.mark.usefixtures("other_server")
def test_without_an_address_the_server_of_this_machine_is_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("STUDIO_URL")
    assert connect().url == "http://127.0.0.1:1"
