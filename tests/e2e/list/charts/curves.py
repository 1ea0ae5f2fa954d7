"""An experiment of five runs with long curves, for what charts draw of them."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest

from tests.parts.server import Server
from tests.parts.wire import Connection

POINTS, SPIKE, HIGH = 2400, 1111, 40.0
START = 1_795_000_000_000


@pytest.fixture(scope="module")
def curves(list_server: Server) -> Iterator[Connection]:
    """Five runs with long curves: `curve-0` runs on, `curve-1` has a spike."""
    link = Connection(list_server)
    made = link.rest("POST", "/experiments", {"name": "curves"})
    for number in range(5):
        run = f"curve-{number}"
        params = {"lr": str(10.0**-number), "seed": str(number % 2), "opt": "adam"}
        body = {"id": run, "name": run, "experiment": "curves", "params": params}
        link.rest("POST", "/runs", {**body, "started": START})
        points = [
            {"key": "fit/loss", "value": value(number, step), "step": step}
            for step in range(POINTS)
        ]
        points += [{"key": "fit/acc", "value": number / 10, "step": 0}]
        batch = {"writer": "w", "sequence": 1, "points": points}
        link.rest("POST", f"/runs/{run}/metrics", batch)
        if number:
            end = {"status": "Completed", "ended": START + 60_000}
            link.rest("POST", f"/runs/{run}/status", end)
    yield link
    link.rest("DELETE", f"/experiments/{made['id']}")


def value(number: int, step: int) -> float | str:
    if number == 1 and step == SPIKE:
        return HIGH
    if number == 2 and 100 <= step < 103:
        return "NaN"
    return math.exp(-step / 500) + number / 10
