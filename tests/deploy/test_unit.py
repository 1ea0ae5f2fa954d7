"""The systemd unit of the help page, as systemd itself checks it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.pages import code_block, replaced
from tests.parts.clients import ROOT

PLACE = "/opt/run-studio"


def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is missing. Run: apt-get install systemd")
    unit = tmp_path / "run-studio.service"
    changes = {f"{PLACE}/.venv/bin/python": sys.executable, PLACE: str(ROOT)}
    unit.write_text(replaced(code_block("systemd", "ini"), changes))
    done = subprocess.run(
        [analyze, "verify", "--man=no", "--generators=no", str(unit)],
        capture_output=True,
        text=True,
        check=False,
    )
    said = [line for line in done.stderr.splitlines() if "run-studio" in line]
    assert (done.returncode, said) == (0, [])


def test_the_unit_gives_the_server_its_own_folder_only() -> None:
    unit = code_block("systemd", "ini")
    lines = dict(line.split("=", 1) for line in unit.splitlines() if "=" in line)
    assert lines["ProtectSystem"] == "strict"
    assert lines["NoNewPrivileges"] == "yes"
    assert lines["StateDirectory"] == "run-studio"
    assert "STUDIO_HOME=/var/lib/run-studio" in unit
