"""The worker is killed in the middle of large changes: nothing is changed by half."""

from __future__ import annotations

import random
import signal
from pathlib import Path
from typing import Any

import psutil
import pytest

from studio.sdk.client import Client
from tests.parts.server import Server, running
from tests.parts.waiting import becomes

RUNS_PER_REQUEST, REQUESTS = 100, 11
TOTAL = RUNS_PER_REQUEST * REQUESTS + 1
#: Where workers are killed: before the first step, and in the steps of 500 runs.
POSITIONS = (0, 1, 501, 1_001)


def workers_of(server: Server) -> list[psutil.Process]:
    """The worker's process; the server starts another one after a crash."""
    found = []
    for each in psutil.Process(server.process.pid).children(recursive=True):
        try:
            is_alive = each.status() != psutil.STATUS_ZOMBIE
            if is_alive and "worker" in each.cmdline():
                found.append(each)
        except psutil.Error:
            continue
    return found


class Crashes:
    """Kills workers while a task is done."""

    def __init__(self, server: Server, seed: int) -> None:
        self.server, self.chance = server, random.Random(seed)
        self.client = Client(server.url, server.token, "default")

    def follow(self, task: dict[str, Any]) -> dict[str, Any]:
        """Kill the worker at a position of the task; return how it ended."""
        number, place = task["id"], self.chance.choice(POSITIONS)
        assert becomes(lambda: self.read(number)["position"] >= place, 120)
        assert becomes(lambda: bool(workers_of(self.server)))
        for worker in workers_of(self.server):
            worker.send_signal(signal.SIGKILL)
        states = ("done", "failed", "stopped")
        assert becomes(lambda: self.read(number)["state"] in states, 120)
        return self.read(number)

    def read(self, number: int) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get(f"tasks/{number}")
        return found

    def count(self, q: str) -> int:
        body = {"action": "archive", "q": q, "children": True, "dry_run": True}
        return int(self.client.post("bulk", body)["changed"])


@pytest.mark.sample(1)
@pytest.mark.parametrize("seed", range(3))
def test_a_killed_worker_changes_each_run_once_and_one_undo_restores_all(
    tmp_path: Path, seed: int
) -> None:
    with running(tmp_path / "home") as server:
        crashes = Crashes(server, seed)
        client = crashes.client
        old = {"tags": {"stage": "old"}}
        client.post("runs", {"id": "root", "experiment": "crash", **old})
        for part in range(REQUESTS):
            ids = (f"{part}-{n}" for n in range(RUNS_PER_REQUEST))
            children = [{"id": each, **old} for each in ids]
            client.post("runs/root/children", {"children": children})
        body = {"action": "tag", "q": "", "children": True, "tags": {"stage": "new"}}
        done = crashes.follow(client.post("bulk", body)["task"])
        assert (done["state"], done["changed"]) == ("done", TOTAL)
        assert crashes.count("tags.stage:new") == TOTAL
        change = client.get(f"changes/{done['change_set']}")["change"]
        assert (change["runs"], change["changes"]) == (TOTAL, TOTAL)
        path = f"changes/{done['change_set']}/undo"
        undo = crashes.follow(client.post(path, {})["task"])
        assert (undo["state"], undo["changed"]) == ("done", TOTAL)
        assert crashes.count("tags.stage:old") == TOTAL
