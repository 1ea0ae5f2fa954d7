"""A submitted run's page: its place in the queue, its attempts, how to repeat it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from runs.actions.actor import Actor
from runs.actions.ingest.points_and_params import Point, log_metrics
from runs.actions.run_rows import write_properties
from runs.models import Job, JobAttempt, Run, Sampling, Sweep
from studio.core.statuses import RunStatus
from tests.access.people import Team, browser_of, make_team
from tests.parts.compute_rows import ComputeScene
from tests.parts.elements import parse_page

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}
DEFINITION = {"command": ["python", "-m", "lab", "a b"]}


@pytest.fixture
def team() -> Team:
    return make_team()


@pytest.fixture
def scene(team: Team) -> ComputeScene:
    return ComputeScene(team.workspace, team.contributor)


@pytest.fixture
def browser(team: Team) -> Client:
    return browser_of(team.contributor)


def submit(scene: ComputeScene, target: Any, **more: Any) -> Job:
    status = RunStatus.RUNNING if more.get("agent") else RunStatus.QUEUED
    run = scene.run(definition=DEFINITION, target=target.name, status=status)
    return scene.job(target, run=run, **more)


def path_of(run: Run) -> str:
    return f"/w/lab/runs/{run.run_id}/"


def attributes(browser: Client, run: Run) -> dict[str, str]:
    page = parse_page(browser.get(path_of(run)))
    card = page.one("#run-attributes")
    names, values = card.all("dt"), card.all("dd")
    return {n.text: v.text for n, v in zip(names, values, strict=True)}


def test_a_queued_run_says_its_place_and_the_reason(scene, browser):
    target = scene.target(paused=True)
    submit(scene, target)
    job = submit(scene, target)
    found = attributes(browser, job.run)
    assert found["Queue"] == "Position 2 The queue is paused"
    assert found["Compute target"] == "gpu-cluster"


def test_a_running_run_names_its_agent(scene, browser):
    target = scene.target()
    job = submit(scene, target, agent=scene.agent(target))
    found = attributes(browser, job.run)
    assert found["Compute target"] == "gpu-cluster agent gpu-01"
    assert "Queue" not in found


def test_each_attempt_is_listed(scene, browser):
    target = scene.target()
    job = submit(scene, target, attempt=4, max_attempts=4)
    for number, outcome in enumerate(("Failed", "lost", "returned", ""), 1):
        JobAttempt.objects.create(
            job=job, number=number, agent_name="gpu-01", started=1, outcome=outcome
        )
    text = attributes(browser, job.run)["Attempts"]
    attempts = ("1 Failed gpu-01", "2 Agent lost", "3 Not started", "4 running")
    for part in ("4 of 4", *attempts):
        assert part in text


def test_the_page_has_the_command_and_how_to_repeat_it(scene, browser):
    run = submit(scene, scene.target()).run
    found = attributes(browser, run)
    assert found["Command"] == "python -m lab 'a b'"
    assert found["Repeat it"] == f"studio run resubmit {run.run_id}"


def test_a_resubmitted_run_links_to_the_old_one(scene, browser, team):
    old, new = scene.run("old one"), scene.run()
    write_properties(new, {"studio.resubmitted_from": old.run_id})
    page = parse_page(browser.get(path_of(new)))
    links = {a.text: a["href"] for a in page.all("#run-attributes a")}
    assert links["old one"] == path_of(old)


def test_a_sweep_says_its_values(scene, browser):
    run = scene.run(definition=DEFINITION)
    space = {"--lr": ["3e-4", "1e-3"], "--seed": {"from": 1, "to": 5}}
    Sweep.objects.create(run=run, space=space, sampling=Sampling.GRID, at_once=8)
    expected = "Grid: --lr 3e-4, 1e-3; --seed 1 to 5; 8 at the same time"
    assert attributes(browser, run)["Sweep"] == expected


def test_the_place_is_current_although_only_others_changed(scene, browser):
    target = scene.target()
    first, second = submit(scene, target), submit(scene, target)
    etag = browser.get(path_of(second.run), headers=HTMX).headers["ETag"]
    again = {**HTMX, "If-None-Match": etag}
    assert browser.get(path_of(second.run), headers=again).status_code == 304
    Job.objects.filter(pk=first.pk).update(ended=1)
    assert browser.get(path_of(second.run), headers=again).status_code == 200
    assert attributes(browser, second.run)["Queue"].startswith("Position 1")


def test_only_submitted_runs_can_be_resubmitted(scene, browser, team):
    for run, is_offered in (
        (submit(scene, scene.target()).run, True),
        (scene.run(), False),
    ):
        page = parse_page(browser.get(path_of(run)))
        links = [a.text for a in page.all("#run-toolbar a")]
        assert ("Resubmit" in links) is is_offered
    reader = parse_page(
        browser_of(team.reader).get(path_of(Run.objects.earliest("pk")))
    )
    assert "Resubmit" not in [a.text for a in reader.all("#run-toolbar a")]


def test_a_script_without_its_snapshot_is_explained(scene, browser):
    run = scene.run(definition={"script": "train.py"}, script="train.py")
    page = parse_page(browser.get(path_of(run)))
    [button] = [b for b in page.all("#run-toolbar button") if b.text == "Resubmit"]
    assert button["title"] == "This run has no snapshot of its script."


def test_a_sweep_says_its_best_run_and_its_policy(scene, browser):
    run = scene.run(definition=DEFINITION)
    sweep = Sweep.objects.create(
        run=run,
        space={"--lr": {"loguniform": [-9, -2]}},
        sampling=Sampling.RANDOM,
        seed=7,
        metric="acc",
        goal="maximize",
        policy={"type": "median", "evaluation_interval": 1, "delay_evaluation": 5},
        total=9,
        proposed=2,
    )
    target = scene.target()
    shown = attributes(browser, run)
    assert shown["Best child run"] == "No run has logged acc yet"
    for name, value in (("good", 0.9), ("bad", 0.1)):
        child = scene.run(name=name, definition=DEFINITION, target=target.name)
        scene.job(target, run=child, sweep=sweep, stop_reason="Stopped")
        point = Point("acc", value, scene.now, 1)
        log_metrics(child, [point], actor=Actor(scene.member), now=scene.now)
    shown = attributes(browser, run)
    assert shown["Sweep"] == (
        "Random sample: --lr loguniform(-9, -2); seed 7 7 more to come"
    )
    assert shown["Best child run"] == "good acc 0.9"
    assert shown["Early stopping"] == "Median delay_evaluation=5 2 of 2 runs stopped"
    assert attributes(browser, child)["Early stopping"] == "Stopped"
