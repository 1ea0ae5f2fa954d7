"""What the tests of the run page begin with."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from runs.actions.actor import Actor
from runs.actions.files.files import save_file
from runs.actions.ingest.points_and_params import Point, log_metrics
from runs.models import File, LoggedModel, Run, User
from tests.access.people import browser_of
from tests.parts.records import NOON

PAGE = "/w/default/runs/run-1/"
HTMX = {"HX-Request": "true"}
ACTOR = Actor()

Keep = Callable[..., File]


@pytest.fixture
def browser(owner: User) -> Client:
    return browser_of(owner)


def log(run: Run, **series: Sequence[float | str | None]) -> None:
    """Each series' values, at steps 0, 1, 2 … a second apart."""
    points = [
        Point(key, value, step=step, time=NOON + 1000 * step)
        for key, values in series.items()
        for step, value in enumerate(values)
    ]
    log_metrics(run, points, actor=ACTOR, now=NOON)


def keep(home: Run | LoggedModel, path: str, data: bytes = b"x\n") -> File:
    return save_file(home, path, [data], actor=ACTOR, now=NOON, limit=10**9)


def cost(browser: Client, address: str) -> int:
    """How many queries a page costs; the first visit also remembers the workspace."""
    browser.get(address)
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(address).status_code == 200
    return len(captured)
