"""Fixtures and readers of the run list's tests."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
from django.test import Client

from runs.actions.actor import Actor
from runs.actions.ingest.points_and_params import Point, log_metrics
from runs.actions.run.lifecycle import change_status
from runs.actions.run.runs import create_run
from runs.models import Experiment, Run, User
from studio.core.statuses import RunStatus
from tests.access.people import browser_of

ALL = "/w/default/runs/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def visitor(owner: User) -> Client:
    return browser_of(owner)


@pytest.fixture
def log(experiment: Experiment, actor: Actor, now: int) -> Any:
    """Makes a run: `log("a", acc=0.9, tags={"model": "resnet"})`."""

    def make(
        name: str,
        *,
        acc: float | None = None,
        status: RunStatus = RunStatus.RUNNING,
        tags: Mapping[str, str | None] | None = None,
        params: Mapping[str, str] | None = None,
        parent: str = "",
    ) -> Run:
        run = create_run(
            experiment,
            run_id=name,
            name=name,
            actor=actor,
            now=now,
            started=now,
            tags=tags,
            params=params,
            parent_run_id=parent,
        )
        if acc is not None:
            log_metrics(run, [Point("acc", acc, now, 0)], actor=actor, now=now)
        if status.is_final:
            change_status(
                run, status, actor=actor, now=now + 90_000, ended=now + 90_000
            )
        return run

    return make


def names(page: Any) -> list[str]:
    return re.findall(r'data-row-link title="([^"]*)"', page.text)


def link(page: Any, pattern: str) -> str:
    """The first address in the page that matches."""
    found = re.search(rf'href="([^"]*{pattern}[^"]*)"', page.text)
    assert found, pattern
    return found[1].replace("&amp;", "&")
