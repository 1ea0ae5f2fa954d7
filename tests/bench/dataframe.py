"""All runs as a data frame: how fast, and how much memory the script needs for it."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.bench.report import Report
from tests.parts.clients import ROOT, quiet_environment
from tests.parts.server import Server

ROWS_PER_SECOND = "10,000 rows/s"
#: `rows` reads dicts one by one, without any of the libraries.
WAYS = ("rows", "pandas", "polars", "pyarrow")
#: Runs in an interpreter of its own, since a process never gives its peak back.
SCRIPT = """
import importlib, json, resource, sys, time
from studio.sdk import Workspace

def peak_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

way, limit = sys.argv[1], int(sys.argv[2])
if way != "rows":
    importlib.import_module(way)
columns = ["name", "status", "created", "submitter", "duration", "tags.team"]
columns += ["params.lr", "params.seed", 'metrics."val/acc"', 'metrics."val/loss"']
query = Workspace().runs(columns=columns, children=True, limit=limit)
before, begin, cpu = peak_mb(), time.perf_counter(), time.process_time()
found = query.rows() if way == "rows" else query.to_dataframe(way)
count = sum(1 for _ in found) if way == "rows" else len(found)
seconds = time.perf_counter() - begin
print(json.dumps({
    "rows": count,
    "seconds": seconds,
    "rows_per_second": round(count / seconds),
    "client_CPU_s": time.process_time() - cpu,
    "memory_MB_more": peak_mb() - before,
}))
"""


def measure(server: Server, report: Report, *, limit: int) -> None:
    for way in WAYS:
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, way, str(limit)],
            env={
                **quiet_environment(),
                **server.environment,
                "PYTHONPATH": str(ROOT),
            },
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        name = "rows() of all runs" if way == "rows" else f"to_dataframe({way!r})"
        report.add(name, ROWS_PER_SECOND, **json.loads(done.stdout))
