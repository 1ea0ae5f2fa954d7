"""What the tests of the list's charts begin with."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import plotly.graph_objects as go
import pytest
from django.test import Client

from runs.actions.actor import Actor
from runs.actions.ingest.points_and_params import Point, log_metrics
from runs.models import Run

CHARTS = "/w/default/list/charts/"
LOSS = "line!metrics.loss"


@pytest.fixture
def curve(log: Any, actor: Actor, now: int) -> Any:
    """Makes a run with a loss: `curve("a", [3.0, 2.0], params={"lr": "0.1"})`."""

    def make(name: str, values: Any, key: str = "loss", **more: Any) -> Run:
        run: Run = Run.objects.filter(run_id=name).first() or log(name, **more)
        points = [
            Point(key, value, now + 1000 * step, step)
            for step, value in enumerate(values)
        ]
        log_metrics(run, points, actor=actor, now=now)
        return run

    return make


def ask(visitor: Client, part: str, chart: str, query: str = "", **more: Any) -> Any:
    address = f"{CHARTS}{part}/?{query}&chart={quote(chart, safe='')}"
    return visitor.get(address, **more)


def figure(visitor: Client, chart: str, query: str = "") -> dict[str, Any]:
    answer = ask(visitor, "figure", chart, query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    if "data" in found:
        go.Figure({"data": found["data"], "layout": found["layout"]})
    return found


def lines(found: dict[str, Any], part: str = "line") -> list[dict[str, Any]]:
    return [trace for trace in found["data"] if trace["meta"]["part"] == part]
