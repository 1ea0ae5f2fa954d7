"""The script of `python -m tests.bench delivery`: logs, and prints what it cost.

A process of its own, so that its processor time excludes the server's work. It logs as
a user's script does, to a run that it started. With `away`, the server is unreachable.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from studio.sdk import Experiment, Run, Workspace

ROWS = 3000


def log_points(run: Run, count: int) -> list[int]:
    """Nanoseconds of each call."""
    clock, log = time.perf_counter_ns, run.log
    took = []
    for number in range(count):
        begin = clock()
        log("loss", number / 7)
        took.append(clock() - begin)
    return took


def log_slowly(run: Run, count: int) -> list[int]:
    """As a training loop does: with a pause between, while batches are sent."""
    took = []
    for number in range(count):
        begin = time.perf_counter_ns()
        run.log("slow", number / 7)
        took.append(time.perf_counter_ns() - begin)
        time.sleep(0.001)
    return took


def log_rows(run: Run) -> float:
    row = {f"column {index}": index * 7 for index in range(15)}
    begin = time.perf_counter()
    for _ in range(ROWS):
        run.log_row("rows", "desc", **row)
    return time.perf_counter() - begin


def read_rows(run: Run) -> float:
    """From the call of `complete` until all rows have been read."""
    begin = time.perf_counter()
    run.complete()
    found = run.get_metrics("rows")["rows"]
    assert len(found["column 14"]) == ROWS, "Rows are missing"
    return time.perf_counter() - begin


def main(count: int, is_offline: bool) -> None:
    experiment = Experiment(Workspace(), "bench")

    def begun() -> Run:
        return experiment.start_logging(snapshot_directory=None, outputs=False)

    run = begun()
    slow = log_slowly(run, 2000)
    run.complete()
    run = begun()
    found: dict[str, Any] = {"rows returned": log_rows(run)}
    if is_offline:
        run.complete()
    else:
        found["rows readable"] = read_rows(run)
    run = begun()
    begin = time.perf_counter()
    calls = log_points(run, count)
    found["logged"] = time.perf_counter() - begin
    run.complete()
    found["whole"] = time.perf_counter() - begin
    found["stored"] = None if run.receipt is None else run.receipt.points.stored
    for name, took in (("calls", sorted(calls)), ("slow", sorted(slow))):
        found[f"{name} median"] = took[len(took) // 2] / 1000
        found[f"{name} p99"] = took[len(took) * 99 // 100] / 1000
    print(json.dumps(found))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:] == ["away"])
