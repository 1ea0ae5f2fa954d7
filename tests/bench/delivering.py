"""The script of `python -m tests.bench delivery`: logs, and prints what it cost.

A process of its own, so that the server's work is not on its processor time.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

from studio.sdk.client import Client
from studio.sdk.delivery import Writer


def log_points(writer: Writer, count: int) -> list[int]:
    """Nanoseconds of each call."""
    clock, point = time.perf_counter_ns, writer.point
    took = []
    for number in range(count):
        begin = clock()
        point("loss", number / 7)
        took.append(clock() - begin)
    return took


def log_slowly(writer: Writer, count: int) -> list[int]:
    """As a training loop does: with a pause between, while batches are sent."""
    took = []
    for number in range(count):
        begin = time.perf_counter_ns()
        writer.point("slow", number / 7)
        took.append(time.perf_counter_ns() - begin)
        time.sleep(0.001)
    return took


def log_rows(writer: Writer, count: int) -> float:
    row = {f"column {index}": index * 7 for index in range(15)}
    begin = time.perf_counter()
    for _ in range(count):
        writer.item("rows", "table", row)
    return time.perf_counter() - begin


def main(count: int, url: str) -> None:
    here = url or os.environ["STUDIO_URL"]
    client = Client(here, os.environ["STUDIO_TOKEN"], "default")
    run_id = "nowhere"
    if not url:
        run_id = client.post("runs", {"experiment": "bench"})["id"]
    slow = log_slowly(Writer.open(client, run_id, heartbeats=False), 2000)
    rows = Writer.open(client, run_id, heartbeats=False)
    returned = log_rows(rows, 3000)
    begin = time.perf_counter()
    rows.close()
    readable = time.perf_counter() - begin
    writer = Writer.open(client, run_id, heartbeats=False)
    begin = time.perf_counter()
    took = log_points(writer, count)
    logged = time.perf_counter() - begin
    receipt = writer.close()
    whole = time.perf_counter() - begin
    found: dict[str, Any] = {
        "calls": sorted(took),
        "slow": sorted(slow),
        "logged": logged,
        "whole": whole,
        "rows returned": returned,
        "rows readable": readable,
        "stored": receipt.points.stored,
    }
    for name in ("calls", "slow"):
        times = found.pop(name)
        found[f"{name} median"] = times[len(times) // 2] / 1000
        found[f"{name} p99"] = times[len(times) * 99 // 100] / 1000
    print(json.dumps(found))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "")
