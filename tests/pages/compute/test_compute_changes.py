"""Recent changes: who changed targets, agents, secrets and environments."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from runs.actions import compute as compute_actions
from runs.actions.actor import Actor
from runs.actions.submit import delete_environment, register_environment
from runs.models import ComputeTarget, now_ms
from runs.search.compute import list_compute_changes
from tests.access.people import Team, browser_of, make_team
from tests.parts.compute_rows import ComputeScene
from tests.parts.elements import parse_page

pytestmark = pytest.mark.django_db

PAGE = "/w/lab/compute/"


@pytest.fixture
def team() -> Team:
    return make_team()


@pytest.fixture
def scene(team: Team) -> ComputeScene:
    return ComputeScene(team.workspace, team.contributor)


@pytest.fixture
def owner(team: Team) -> Client:
    return browser_of(team.owner)


def changes_of(client: Client, query: str = "") -> list[str]:
    page = parse_page(client.get(PAGE + query))
    return [each.text for each in page.all("#compute-changes li p.change-text")]


def test_every_change_of_an_owner_is_listed(team: Team, owner: Client) -> None:
    target = {"name": "gpu", "lease_seconds": "120"}
    owner.post(f"{PAGE}targets/", target)
    owner.post(f"{PAGE}targets/gpu/pause/", {"on": "1"})
    owner.post(f"{PAGE}targets/gpu/pause/", {"on": "0"})
    limits = {"description": "A100", "max_per_member": "2", "lease_seconds": "300"}
    owner.post(f"{PAGE}targets/gpu/", limits)
    owner.post(f"{PAGE}secrets/", {"name": "HF_TOKEN", "value": "s3cret"})
    owner.post(f"{PAGE}secrets/", {"name": "HF_TOKEN", "value": "newer"})
    owner.post(f"{PAGE}secrets/HF_TOKEN/remove/")
    owner.post(f"{PAGE}targets/gpu/remove/")
    shown = changes_of(owner)
    assert shown == [
        "Target gpu removed",
        "Secret HF_TOKEN deleted",
        "Secret HF_TOKEN replaced",
        "Secret HF_TOKEN set",
        "Description of gpu changed",
        "Limit per member of gpu: 2, before: none",
        "Runs of gpu are requeued after 300 seconds, before: 120",
        "Queue of gpu resumed",
        "Queue of gpu paused",
        "Target gpu added",
    ]
    assert "s3cret" not in owner.get(PAGE).content.decode()


def test_agents_are_in_it(team: Team, scene: ComputeScene, owner: Client) -> None:
    agent = scene.agent(scene.target("gpu"), "node.1")
    owner.post(f"{PAGE}agents/", {"target": "gpu", "days": "0"})
    for on in ("1", "1", "0"):
        owner.post(f"{PAGE}agents/{agent.pk}/drain/", {"on": on})
    owner.post(f"{PAGE}agents/{agent.pk}/remove/")
    removed, active, drained, token = changes_of(owner)
    assert removed == "Agent node.1 of gpu removed"
    assert active == "Agent node.1 of gpu takes runs again"
    assert drained == "Agent node.1 of gpu drained"
    assert token.endswith("for agents of gpu created")


def test_environments_are_in_it(team: Team) -> None:
    act: Any = {"actor": Actor(team.contributor), "now": now_ms()}
    register_environment(team.workspace, "trees", {}, **act)
    delete_environment(team.workspace, "trees", **act)
    assert changes_of(browser_of(team.reader)) == [
        "Environment trees deleted",
        "Version 1 of environment trees registered",
    ]


def test_older_changes_are_shown_on_request(
    team: Team, scene: ComputeScene, owner: Client
) -> None:
    target: ComputeTarget = scene.target("gpu")
    for number in range(12):
        compute_actions.change_target(
            target, paused=number % 2 == 0, actor=Actor(team.owner), now=number
        )
    assert len(changes_of(owner)) == 10
    page = parse_page(owner.get(PAGE))
    [older] = [a["href"] for a in page.all("#compute-changes .card-foot a")]
    assert len(changes_of(owner, older.removeprefix(PAGE))) == 12


@pytest.mark.skipif(connection.vendor != "sqlite", reason="a plan of SQLite")
def test_changes_of_runs_are_not_read(team: Team, scene: ComputeScene) -> None:
    scene.target("gpu")
    with CaptureQueriesContext(connection) as captured:
        list_compute_changes(team.workspace, 10)
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {captured[0]['sql']}")
        plan = [row[3] for row in cursor.fetchall()]
    assert any("USING INDEX changes_of_compute" in step for step in plan), plan


def test_without_changes_there_is_no_list(owner: Client) -> None:
    assert 'id="compute-changes"' not in owner.get(PAGE).content.decode()


def test_the_order_of_a_queue_is_in_the_history_of_the_run(
    scene: ComputeScene, owner: Client
) -> None:
    target = scene.target("gpu")
    scene.job(target), scene.job(target)
    last = scene.job(target)
    url = f"{PAGE}jobs/{last.run.run_id}/"
    owner.post(f"{url}priority/", {"priority": "10"})
    owner.post(f"{url}priority/", {"priority": "0"})
    owner.post(f"{url}top/")
    owner.post(f"{url}top/")
    page = parse_page(owner.get(f"/w/lab/runs/{last.run.run_id}/history/"))
    titles = [each.text for each in page.all(".timeline-head b")]
    assert titles[:3] == [
        "Moved to the top of the queue",
        "Priority changed",
        "Priority changed",
    ]
    assert "queue.position" not in str(page.text)
