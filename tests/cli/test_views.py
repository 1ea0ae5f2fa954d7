"""`studio view` against the real server: list, export, diff, apply."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from studio.cli.views import view_group
from tests.parts.clients import ROOT, quiet_environment
from tests.parts.server import Server
from tests.parts.wire import Connection


def studio(server: Server, *words: str, text: str = "") -> Any:
    return subprocess.run(
        [sys.executable, "-m", "studio.cli", "view", *words],
        env={**quiet_environment(), **server.environment},
        cwd=ROOT,
        input=text,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_views_go_out_to_a_file_and_come_back(server: Server) -> None:
    state = {"q": "tag:cli", "columns": ["name", "status"]}
    body = {"name": "From the shell", "shared": True, "state": state}
    slug = Connection(server).rest("POST", "/views", body)["slug"]
    assert f"{slug}  shared      1  From the shell" in studio(server, "list").stdout
    file = studio(server, "export", "--find", "from the shell").stdout
    assert studio(server, "diff", "-", text=file).returncode == 0
    other = file.replace("- status", "- duration")
    told = studio(server, "diff", "-", text=other)
    assert told.returncode == 1
    assert "−column: Status" in told.stdout
    assert studio(server, "apply", "-", text=other).returncode == 0
    found = Connection(server).rest("GET", f"/views/{slug}")
    assert (found["revision"], found["state"]["columns"]) == (2, "name,duration")
    broken = studio(server, "apply", "-", text="views: [")
    assert broken.returncode == 1
    assert "cannot be read as YAML" in broken.stderr
    Connection(server).rest("DELETE", f"/views/{slug}")


def test_a_file_of_bytes_is_told_in_a_sentence(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "views.yaml"
    file.write_bytes(b"views: [{name: \xff}]")
    told = studio(server, "apply", str(file))
    assert told.returncode == 1
    assert told.stderr == f"Error: {file} is no text in UTF-8\n"


def test_who_writes_a_file_that_is_not_all_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Portal:
        def download(self, _path: str, target: Any) -> None:
            target.write(b"# The first 2 of 3 views, by name: ask for less.\nviews: []")

    monkeypatch.setattr("studio.cli.views.connected", Portal)
    file = tmp_path / "views.yaml"
    said = CliRunner().invoke(view_group, ["export", "-o", str(file)])
    assert said.output.startswith("The first 2 of 3 views")
    assert file.read_text().endswith("views: []")
