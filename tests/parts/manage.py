"""`manage.py` in a process of its own, for commands that end by themselves."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from tests.parts.clients import ROOT, quiet_environment
from tests.parts.server import kill_tree


def command(*words: str) -> list[str]:
    return [sys.executable, str(ROOT / "manage.py"), *words]


def environment(home: Path, env: Mapping[str, str] | None = None) -> dict[str, str]:
    return {**quiet_environment(), "STUDIO_HOME": str(home), **(env or {})}


def manage(
    home: Path, *words: str, env: Mapping[str, str] | None = None, seconds: int = 60
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*words),
        env=environment(home, env),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def run_script(
    home: Path,
    script: str,
    *words: str,
    env: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Runs Python code with the settings of a server over that home."""
    settings = {"DJANGO_SETTINGS_MODULE": "studio.settings.base"}
    return subprocess.run(
        [sys.executable, "-c", script, *words],
        env={**environment(home, env), **settings},
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def manage_killed(
    home: Path, *words: str, env: Mapping[str, str] | None = None, after: float
) -> bool:
    """Kills the command and its children `after` seconds; whether it still ran."""
    process = subprocess.Popen(
        command(*words),
        env=environment(home, env),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    with suppress(subprocess.TimeoutExpired):
        process.wait(after)
        return False
    kill_tree(process)
    return True
