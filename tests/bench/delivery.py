"""What logging by the SDK costs a script, and how fast all of it arrives."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from studio.sdk.system_metrics import SAMPLE_SECONDS, SystemSampler
from tests.bench.report import Report
from tests.delivery.script_actor import unreachable_server
from tests.parts.clients import ROOT, quiet_environment
from tests.parts.server import Server, running


def measure(folder: Path, report: Report, *, points: int) -> None:
    with running(folder / "home") as server:
        measured = run_script(server, folder / "spool", points)
        _add(report, measured, "")
        _add_samples(report, folder)
        assert measured["stored"] == points, (
            f"{measured['stored']} of {points} were stored"
        )
        report.add(
            f"{points:,} calls, until the receipt says that all are stored",
            "at least 50,000",
            rate=points / measured["whole"],
            unit="points/s",
        )
        report.add(
            "3,000 rows of 15 columns, until the calls return",
            "0.3 s",
            seconds=measured["rows returned"],
        )
        report.add(
            "the same, from complete() until all are read",
            "2 s",
            seconds=measured["rows readable"],
        )
        offline = run_script(
            server, folder / "spool2", points // 5, unreachable_server()
        )
        _add(report, offline, ", while the server is away")


def _add_samples(report: Report, folder: Path) -> None:
    sampler = SystemSampler(folder)
    sampler.sample()
    start, count = time.thread_time(), 200
    for _ in range(count):
        sampler.sample()
    seconds = (time.thread_time() - start) / count
    report.add(
        "a sample of this machine, every 10 seconds",
        "1 % of a processor",
        ms=1000 * seconds,
        percent=100 * seconds / SAMPLE_SECONDS,
    )


def _add(report: Report, measured: dict[str, Any], when: str) -> None:
    for name, what in (("calls", "one after another"), ("slow", "a millisecond apart")):
        report.add(
            f"a log call, {what}{when}",
            "10 and 100 µs",
            median_µs=measured[f"{name} median"],
            p99_µs=measured[f"{name} p99"],
        )


def run_script(
    server: Server, spool: Path, points: int, url: str = ""
) -> dict[str, Any]:
    """The script in a process of its own; what it printed."""
    env = {**quiet_environment(), **server.environment, "STUDIO_SPOOL": str(spool)}
    if url:
        env |= {"STUDIO_URL": url, "STUDIO_DRAIN_SECONDS": "0.1"}
    words = [str(points), *(["away"] if url else [])]
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.reliability.delivering", *words],
        env=env,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found
