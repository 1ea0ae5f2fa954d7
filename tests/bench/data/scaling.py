"""How the lists grow: the same questions over a smaller home folder."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.bench.report import Report


def views_of(home: Path, kind: str, repeats: int, only: str) -> dict[str, float]:
    """Milliseconds of processor time of each view there, asked in its own process.

    A process works over one home folder as long as it lives.
    """
    words = ["--home", str(home), "--database", kind, "--repeats", str(repeats)]
    words += ["--only", only, "--no-http", "--json"]
    output = subprocess.run(
        [sys.executable, "-m", "tests.bench", "list", *words],
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    ).stdout
    lines = json.loads(output)["lines"]
    return {line["name"]: line["figures"]["cpu_ms"] for line in lines}


def compare(report: Report, smaller: dict[str, float]) -> None:
    """Add what the smaller home took to each line, and how often that goes in."""
    for line in report.lines:
        before, now = smaller[line.name], line.figures["cpu_ms"]
        line.figures["smaller_cpu_ms"] = before
        line.figures["growth"] = float(now) / before
