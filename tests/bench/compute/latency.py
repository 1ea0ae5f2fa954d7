"""How long a queued run waits for an agent that has a free slot."""

from __future__ import annotations

import random
import statistics
import time

from tests.agent.cluster import Cluster
from tests.bench.report import Report
from tests.parts.waiting import becomes

LIMIT_SECONDS = 1.0


def measure_starts(cluster: Cluster, report: Report, count: int) -> None:
    """Queue runs one after the other, and read the times of their statuses."""
    cluster.start_agent("--slots=2")
    assert becomes(lambda: "takes runs" in cluster.log), cluster.log
    starting, running = [], []
    chance = random.Random(count)
    for _ in range(count):
        # The agent asks twice a second: the run comes at any moment between.
        time.sleep(1 + chance.random())
        run = cluster.queue("true")
        assert cluster.becomes(run, "Completed"), cluster.log
        times = _times_of_statuses(cluster, run)
        starting.append((times["Starting"] - times["Queued"]) / 1000)
        running.append((times["Running"] - times["Queued"]) / 1000)
    for name, seconds in (("Starting", starting), ("Running", running)):
        limit = f"{LIMIT_SECONDS:g} s" if name == "Starting" else ""
        report.add(
            f"Queued to {name}",
            limit,
            median_s=round(statistics.median(seconds), 3),
            max_s=round(max(seconds), 3),
        )


def _times_of_statuses(cluster: Cluster, run: str) -> dict[str, int]:
    """When the run first had each of its statuses, in milliseconds."""
    times: dict[str, int] = {}
    for event in cluster.owner.get(f"runs/{run}/events")["events"]:
        times.setdefault(str(event["new"]), int(event["time"]))
    return times
