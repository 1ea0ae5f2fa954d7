"""A target's page: what it has now, and the runs that have ended there."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from runs.models import ComputeTarget
from studio.core.statuses import RunStatus
from tests.access.people import Team, browser_of, make_team
from tests.parts.compute_rows import ComputeScene
from tests.parts.elements import parse_page

pytestmark = pytest.mark.django_db
PATH = "/w/lab/compute/targets/a100/runs/"


@pytest.fixture
def team() -> Team:
    return make_team()


@pytest.fixture
def scene(team: Team) -> ComputeScene:
    return ComputeScene(team.workspace, team.contributor)


@pytest.fixture
def reader(team: Team) -> Client:
    return browser_of(team.reader)


def end_run(scene: ComputeScene, target: ComputeTarget, name: str, **more: Any) -> None:
    run = scene.run(name, status=RunStatus.FAILED, target=target.name)
    run.started, run.ended = scene.now - 120_000, scene.now
    run.save()
    times: dict[str, Any] = {
        "queued": scene.now - 180_000,
        "taken": scene.now - 120_000,
    }
    scene.job(target, run=run, ended=scene.now, **times, **more)


def test_a_target_lists_its_past_runs_and_leads_to_the_current_ones(scene, reader):
    settings = {"partition": "gpu", "cost_per_hour": "2.50EUR"}
    target = scene.target("a100", kind="slurm", settings=settings)
    words = "Slurm job 17: OUT_OF_MEMORY"
    end_run(scene, target, "old", engine_job="17", engine_message=words, attempt=2)
    end_run(scene, target, "new")
    end_run(scene, scene.target("other"), "elsewhere")
    scene.job(target, "waits")
    page = parse_page(reader.get(PATH))
    facts = page.one("#target-facts").text
    assert "Slurm · gpu" in facts
    assert "2.50EUR per hour" in facts
    new, old = page.all("#past-runs tbody tr")
    assert "new" in new.text
    for text in ("old", "attempt 2", "Failed", "17", "1 min 00 s", "2 min 00 s"):
        assert text in old.text
    assert old.one("td[title]")["title"] == words
    [queue] = [one for one in page.all("#target-facts a") if one["href"][-1] == "e"]
    assert "waits" in parse_page(reader.get(queue["href"])).one("#queue").text
    whole = parse_page(reader.get(page.one("#past-runs .card-head a")["href"]))
    names = [each.text for each in whole.all("tbody tr")]
    assert len(names) == 2
    # The table of targets leads here.
    table = parse_page(reader.get("/w/lab/compute/")).one("#target-table")
    assert PATH in [each["href"] for each in table.all("a[data-row-link]")]


def test_a_long_past_costs_the_same_and_is_cut(scene, reader, monkeypatch):
    monkeypatch.setattr("runs.pages.compute.target_page.MAX_PAST_RUNS", 5)
    target = scene.target("a100")
    end_run(scene, target, "0")
    reader.get(PATH)
    with CaptureQueriesContext(connection) as one:
        reader.get(PATH)
    for number in range(1, 8):
        end_run(scene, target, str(number))
    with CaptureQueriesContext(connection) as many:
        page = parse_page(reader.get(PATH))
    assert len(many) == len(one)
    assert len(page.all("#past-runs tbody tr")) == 5
    assert "Show all" in page.one("#past-runs .card-foot").text
