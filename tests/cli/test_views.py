"""`studio view` against the real server: list, export, diff, apply."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.parts.clients import ROOT, quiet_environment
from tests.parts.server import Server, running
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


def test_views_are_exported_to_a_file_and_applied_again(server: Server) -> None:
    state = {"q": "tag:cli", "columns": ["name", "status"]}
    body = {"name": "From the shell", "shared": True, "state": state}
    slug = Connection(server).rest("POST", "/views", body)["slug"]
    (listed,) = json.loads(studio(server, "list", f"[?slug=='{slug}']").stdout)
    assert (listed["name"], listed["shared"]) == ("From the shell", True)
    assert "From the shell  everyone" in studio(server, "list", "-o", "table").stdout
    file = studio(server, "export", "--find", "from the shell").stdout
    assert studio(server, "diff", "-", text=file).returncode == 0
    other = file.replace("- status", "- duration")
    done = studio(server, "diff", "-", text=other)
    assert done.returncode == 1
    assert "−column: Status" in done.stdout
    assert studio(server, "apply", "-", text=other).returncode == 0
    found = Connection(server).rest("GET", f"/views/{slug}")
    assert (found["revision"], found["state"]["columns"]) == (2, "name,duration")
    broken = studio(server, "apply", "-", text="views: [")
    assert broken.returncode == 1
    assert "is not valid YAML" in broken.stderr
    Connection(server).rest("DELETE", f"/views/{slug}")


def test_a_binary_file_is_refused_with_one_message(
    server: Server, tmp_path: Path
) -> None:
    file = tmp_path / "views.yaml"
    file.write_bytes(b"views: [{name: \xff}]")
    done = studio(server, "apply", str(file))
    assert done.returncode == 1
    assert done.stderr == f"Error: {file} is not text in UTF-8.\n"


def test_an_incomplete_export_prints_a_warning(tmp_path: Path) -> None:
    file = tmp_path / "views.yaml"
    names = [f"v{number:04}" for number in range(1001)]
    with running(tmp_path / "home") as own:
        for some in (names[:350], names[350:700], names[700:]):
            text = "views:\n" + "".join(f"- name: {name}\n" for name in some)
            assert studio(own, "apply", "-", text=text).returncode == 0
        said = studio(own, "export", "--only", "mine", "-o", str(file))
        assert said.stderr.startswith("The first 1000 of 1001 views")
        assert "name: v0999" in file.read_text()
        assert "name: v1000" not in file.read_text()
        assert studio(own, "export", "--only", "mine", "--find", "v1000").stderr == ""
