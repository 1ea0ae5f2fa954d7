"""`manage.py` in a process of its own, for commands that end by themselves."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.parts.clients import ROOT, quiet_environment


def manage(
    home: Path, *words: str, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *words],
        env={**quiet_environment(), "STUDIO_HOME": str(home), **(env or {})},
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
