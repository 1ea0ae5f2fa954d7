"""From the command to the first answer, and the memory of all processes."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Mapping
from pathlib import Path

import psutil

from tests.bench.ask import Link
from tests.bench.report import Report
from tests.parts.server import Server, start

READY, MEMORY = 2, 250
IDLE_SECONDS = 10
PAGES = 50


def measure(home: Path, env: Mapping[str, str], report: Report, *, rounds: int) -> None:
    seconds, idle, busy, processes = [], [], [], 0
    for _ in range(rounds):
        server = start(home, env=env)
        seconds.append(server.took)
        try:
            time.sleep(IDLE_SECONDS)
            idle.append(memory(server))
            processes = len(tree(server))
            open_pages(server)
            busy.append(memory(server))
        finally:
            server.stop()
    report.add("start to ready", f"{READY} s", seconds=statistics.median(seconds))
    report.add(
        "idle memory (PSS)",
        f"{MEMORY} MB",
        MB=statistics.median(idle),
        processes=processes,
    )
    report.add(f"memory after {PAGES} run lists", MB=statistics.median(busy))


def tree(server: Server) -> list[psutil.Process]:
    top = psutil.Process(server.process.pid)
    return [top, *top.children(recursive=True)]


def memory(server: Server) -> float:
    """Proportional set size of the server's processes, in MB: shared pages once."""
    total = 0
    for process in tree(server):
        text = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
        found = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
        total += int(found[1]) if found else 0
    return total / 1024


def open_pages(server: Server) -> None:
    link = Link(server.url, server.token)
    for _ in range(PAGES):
        link.send("GET", "/w/default/runs/")
    link.close()
