"""kill -9 of the whole server under load: is every acknowledged write there, once?

Writers log batches and files as MLflow clients do and note what was acknowledged, while
readers search the lists. The server dies at a random moment, starts again over the same
folder, and the writers repeat their last, unanswered request, as clients do.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.parts.server import Server, fill_home, start
from tests.parts.wire import DEATHS, Connection

POINTS = 20
FILE_BYTES = 50_000
#: What readers ask, one after the other.
LISTS = (
    "/w/default/runs/",
    f"/w/default/runs/?{urlencode({'q': 'baseline'})}",
    f"/w/default/runs/?{urlencode({'q': 'tags.team = nlp metrics.acc > 0.5'})}",
    f"/w/default/runs/?{urlencode({'sort': '-metrics.acc', 'tree': '1'})}",
)


@dataclass
class Writer:
    """Logs to a run of its own until the connection breaks."""

    run_id: str
    artifacts: str
    seed: int
    sent: int = 0
    acknowledged: int = 0
    files: dict[str, bytes] = field(default_factory=dict)
    error: str = ""
    stop: threading.Event = field(default_factory=threading.Event)

    def batch(self, number: int) -> dict[str, Any]:
        steps = range(number * POINTS, (number + 1) * POINTS)
        return {
            "run_id": self.run_id,
            "metrics": [
                {"key": "m", "value": step / 7, "timestamp": step, "step": step}
                for step in steps
            ],
            "params": [{"key": f"p{number}", "value": str(number)}],
            "tags": [{"key": "last", "value": str(number)}],
        }

    def send(self, connection: Connection, number: int) -> None:
        """One batch by each protocol; the points of the second have a sequence."""
        batch = self.batch(number)
        connection.call("POST", "/runs/log-batch", batch)
        points = [{**point, "key": "r"} for point in batch["metrics"]]
        for point in points:
            point["time"] = point.pop("timestamp")
        body = {"writer": "bench", "sequence": number, "points": points}
        connection.rest("POST", f"/runs/{self.run_id}/metrics", body)

    def write(self, server: Server) -> None:
        """Goes on until the server dies or `stop` is set; other errors are noted."""
        chance = random.Random(self.seed)
        try:
            connection = Connection(server)
            while not self.stop.is_set():
                self.sent = self.acknowledged + 1
                self.send(connection, self.acknowledged)
                self.acknowledged = self.sent
                if chance.random() < 0.2:
                    self.write_file(connection, chance)
        except DEATHS:
            return
        except AssertionError as error:
            self.error = str(error)

    def write_file(self, connection: Connection, chance: random.Random) -> None:
        name, content = f"f{len(self.files)}", chance.randbytes(FILE_BYTES)
        connection.headers["Content-Type"] = "application/octet-stream"
        connection.ask("PUT", f"{self.artifacts}/{name}", content)
        self.files[name] = content

    def repeat_last(self, connection: Connection) -> None:
        """Sends what was under way again, and the batch before it."""
        for number in range(max(0, self.acknowledged - 1), self.sent):
            self.send(connection, number)
        self.acknowledged = self.sent

    def missing(self, connection: Connection) -> list[str]:
        """What was acknowledged and is not there exactly once."""
        found = [
            *self.wrong_points(connection, "m"),
            *self.wrong_points(connection, "r"),
            *self.wrong_parameters(connection),
            *self.wrong_files(connection),
        ]
        return [f"{self.run_id}: {line}" for line in found]

    def wrong_points(self, connection: Connection, key: str) -> Iterator[str]:
        query = f"run_id={self.run_id}&metric_key={key}"
        history = connection.call("GET", f"/metrics/get-history?{query}")
        times = Counter(
            (point.get("step", 0), point["value"])
            for point in history.get("metrics", [])
        )
        for step in range(self.acknowledged * POINTS):
            if (count := times.pop((step, step / 7), 0)) != 1:
                yield f"{key} step {step} is there {count} times"
        for point, count in times.items():
            if count > 1:
                yield f"{key} {point}, not acknowledged, is there {count} times"

    def wrong_parameters(self, connection: Connection) -> Iterator[str]:
        data = connection.call("GET", f"/runs/get?run_id={self.run_id}")["run"]["data"]
        kept = {item["key"]: item["value"] for item in data.get("params", [])}
        for number in range(self.acknowledged):
            if kept.get(f"p{number}") != str(number):
                yield f"parameter p{number} is {kept.get(f'p{number}')}"

    def wrong_files(self, connection: Connection) -> Iterator[str]:
        for name, content in self.files.items():
            if connection.ask("GET", f"{self.artifacts}/{name}") != content:
                yield f"file {name} has other content"


@dataclass
class Reader:
    """Opens lists until the server dies; what is refused is noted."""

    opened: int = 0
    error: str = ""

    def read(self, server: Server) -> None:
        try:
            connection = Connection(server)
            for address in cycle(LISTS):
                connection.ask("GET", address)
                self.opened += 1
        except DEATHS:
            return
        except AssertionError as error:
            self.error = str(error)[:500]


@dataclass(frozen=True)
class Outcome:
    """One death: how much was acknowledged before it, and what is wrong after it."""

    points: int
    files: int
    lists: int
    wrong: tuple[str, ...]


def new_writer(connection: Connection, seed: int) -> Writer:
    body = {"experiment_id": "0", "start_time": 1}
    info = connection.call("POST", "/runs/create", body)["run"]["info"]
    root = urlsplit(info["artifact_uri"]).path
    address = f"{connection.prefix}/api/2.0/mlflow-artifacts/artifacts{root}"
    return Writer(info["run_id"], address, seed)


def one_death(
    home: Path,
    seed: int,
    *,
    writers: int = 4,
    readers: int = 1,
    env: Mapping[str, str] | None = None,
) -> Outcome:
    """Starts, loads, kills, starts again, looks."""
    chance = random.Random(seed)
    fill_home(home, env)
    server = start(home, env=env)
    try:
        connection = Connection(server)
        team = [new_writer(connection, seed * 100 + place) for place in range(writers)]
        crowd = [Reader() for _ in range(readers)]
        work = [*(one.write for one in team), *(one.read for one in crowd)]
        threads = [threading.Thread(target=each, args=(server,)) for each in work]
        for thread in threads:
            thread.start()
        time.sleep(chance.uniform(0.2, 3))
    finally:
        server.kill()
    for thread in threads:
        thread.join(60)
    return look(home, team, crowd, env)


def look(
    home: Path,
    team: list[Writer],
    crowd: list[Reader],
    env: Mapping[str, str] | None,
) -> Outcome:
    again = start(home, env=env)
    try:
        connection = Connection(again)
        said = [*(one.error for one in team), *(one.error for one in crowd)]
        wrong = [error for error in said if error]
        for one in team:
            wrong += one.missing(connection)
            one.repeat_last(connection)
            wrong += one.missing(connection)
    finally:
        again.stop()
    return Outcome(
        points=sum(2 * one.acknowledged * POINTS for one in team),
        files=sum(len(one.files) for one in team),
        lists=sum(one.opened for one in crowd),
        wrong=tuple(wrong),
    )
