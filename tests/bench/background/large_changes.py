"""Changes of one run, of a hundred, and of all runs; and the list in the meantime."""

from __future__ import annotations

import http.client
import json
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from runs.models import Run
from tests.bench.ask import Link
from tests.bench.report import Report, times

EDIT_MS, BULK_MS, RUNS_PER_SECOND, SLOWER_PERCENT = 50, 300, 5_000, 25
API = "/api/v1/workspaces/default/"
LIST = "/w/default/runs/?q=status:completed&children=1&archived=1"
#: Between two requests for the list, as of a few people with open lists.
PAUSE_SECONDS = 0.1
#: The list is read as often before each task, for what it did is in the next lists.
LISTS_BEFORE = 30


class Caller:
    """Sends requests to REST, and waits for background tasks."""

    def __init__(self, to: Link) -> None:
        self.link = to

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Post to REST and return the reply; 202 says that a task has started."""
        given = json.dumps(body)
        self.link.http.request("POST", API + path, given, self.link.headers)
        answer: http.client.HTTPResponse = self.link.http.getresponse()
        content = answer.read()
        assert answer.status in (200, 202), content[:500]
        return json.loads(content)

    def task(self, number: int) -> Any:
        return json.loads(self.link.send("GET", f"{API}tasks/{number}"))

    def list_ms(self) -> float:
        begin = time.perf_counter()
        self.link.send("GET", LIST)
        return (time.perf_counter() - begin) * 1000


def measure(caller: Caller, report: Report, *, repeats: int, only: str = "") -> None:
    newest = list(Run.objects.order_by("-pk").values_list("run_id", flat=True)[:100])
    values = iter(range(1_000_000))

    def tag(ids: list[str]) -> None:
        tags = {"bench": f"value {next(values)}"}
        caller.post("bulk", {"action": "tag", "ids": ids, "tags": tags})

    report.add("one edit", f"{EDIT_MS} ms", ms=times(lambda: tag(newest[:1]), repeats))
    report.add(
        "100 runs tagged", f"{BULK_MS} ms", ms=times(lambda: tag(newest), repeats)
    )
    for action, more in (
        ("tag", {"tags": {"bench-all": f"value {time.time():.0f}"}}),
        ("archive", {}),
        ("move", {"to": f"bench {time.time():.0f}", "create": True}),
        ("delete", {}),
    ):
        if only not in action:
            continue
        body = {"action": action, "q": "", "children": True, "archived": True, **more}
        done = _measure_task(caller, report, action, partial(caller.post, "bulk", body))
        path = f"changes/{done['change_set']}/undo"
        undo = f"{action} undone"
        _measure_task(caller, report, undo, partial(caller.post, path, {}))


def _list_times(caller: Caller, count: int) -> list[float]:
    found = []
    for _each in range(count):
        found.append(caller.list_ms())
        time.sleep(PAUSE_SECONDS)
    return found


def _measure_task(
    caller: Caller, report: Report, name: str, start: Callable[[], Any]
) -> Any:
    """Read the list before a task and until it has ended; report all of it."""
    before = statistics.median(_list_times(caller, LISTS_BEFORE))
    task, found = start()["task"], list[float]()
    while task["state"] in ("waiting", "running"):
        found += _list_times(caller, 3)
        task = caller.task(task["id"])
    assert task["state"] == "done", task
    seconds = (task["ended"] - task["started"]) / 1000
    during = statistics.median(found)
    report.add(
        name,
        f"{RUNS_PER_SECOND:,} runs/s, {SLOWER_PERCENT} % slower",
        runs=task["total"],
        runs_per_second=round(task["total"] / seconds),
        list_ms_before=round(before, 1),
        list_ms=round(during, 1),
        list_percent_slower=round((during / before - 1) * 100),
    )
    return task
