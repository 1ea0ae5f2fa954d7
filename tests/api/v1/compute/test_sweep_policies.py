"""Sweeps that compare their runs: early stopping, Bayesian sampling, how they end."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from runs.actions.sweeps import LiveSweeps, add_children
from runs.models import Job, Run, Sweep, now_ms
from tests.api.v1.compute.scene import Scene, TestAgent
from tests.api.v1.compute.test_sweeps import base, sweep

# The parent follows its children after the commit.
pytestmark = pytest.mark.usefixtures("committed")
__all__ = ["base"]

METRIC = {"primary_metric": "acc", "goal": "maximize"}
FOUR = {"space": {"n": {"from": 1, "to": 4}}, **METRIC}


def start(scene: Scene, **more: Any) -> tuple[list[str], TestAgent]:
    """Start all children of a sweep."""
    children = sweep(scene, **{**FOUR, **more})["children"]
    agent = scene.agent(slots=len(children))
    agent.take(trees=[more.get("id", "sweep")])
    for child in children:
        scene.report(child, "Running")
    return children, agent


def log(scene: Scene, run: str, *values: object, sequence: int = 0) -> None:
    points = [
        {"key": "acc", "value": value, "step": 10 * sequence + at, "time": 1 + at}
        for at, value in enumerate(values)
    ]
    scene.member.points(run, *points, sequence=sequence)


def info(scene: Scene) -> dict[str, Any]:
    found: dict[str, Any] = scene.member.get("runs/sweep/sweep")
    return found


def stopped(scene: Scene) -> list[int]:
    """Return the values of the children that were stopped early."""
    return [
        int(child["values"]["--n"])
        for child in info(scene)["children"]
        if child["stop_reason"]
    ]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ({"type": "median"}, [1, 2]),
        ({"type": "median", "delay_evaluation": 3}, []),
        ({"type": "median", "evaluation_interval": 2}, [1, 2]),
        ({"type": "bandit", "slack_factor": 0.5}, [1, 2]),
        ({"type": "bandit", "slack_amount": 0.15}, [1, 2]),
        ({"type": "bandit", "slack_amount": 0.4}, []),
        ({"type": "truncation", "truncation_percentage": 25}, [1]),
        ({"type": "truncation", "truncation_percentage": 99}, [1, 2, 3]),
    ],
    ids=str,
)
def test_a_policy_stops_the_worst(
    scene: Scene, policy: dict[str, Any], expected: list[int]
) -> None:
    children, _ = start(scene, policy=policy)
    for n, child in enumerate(children, 1):
        log(scene, child, n / 10, n / 10)
    LiveSweeps()(now_ms())
    assert stopped(scene) == expected


def test_the_lowest_can_be_the_best(scene: Scene) -> None:
    policy = {"type": "bandit", "slack_factor": 1.5}
    children, _ = start(scene, goal="minimize", policy=policy)
    for n, child in enumerate(children, 1):
        log(scene, child, n / 10)
    LiveSweeps()(now_ms())
    assert stopped(scene) == [3, 4]
    assert info(scene)["best"] == children[0]


def test_values_that_are_not_finite_are_the_worst(scene: Scene) -> None:
    children, _ = start(scene, policy={"type": "median"})
    values = ("NaN", "text", "Infinity", -5.0)
    for child, value in zip(children, values, strict=True):
        log(scene, child, value)
    LiveSweeps()(now_ms())
    assert stopped(scene) == [1, 2, 3]


def test_a_stopped_run_is_canceled_with_the_reason(scene: Scene) -> None:
    children, agent = start(scene, policy={"type": "median"})
    for n, child in enumerate(children, 1):
        log(scene, child, n / 10)
    live = LiveSweeps()
    live(now_ms())
    assert scene.status(children[0]) == "CancelRequested"
    assert agent.states()[children[0]] == "cancel"
    events = scene.member.get(f"runs/{children[0]}/events")["events"]
    reason = "Stopped early after 1 values: best acc is 0.1, the median of all runs is"
    assert any(reason in event["message"] for event in events)
    scene.report(children[0], "Canceled")
    live(now_ms())
    assert stopped(scene) == [1, 2]


def test_a_policy_without_values_stops_nothing(scene: Scene) -> None:
    children, _ = start(
        scene, policy={"type": "truncation", "truncation_percentage": 99}
    )
    for child in children:
        log(scene, child, "NaN")
    LiveSweeps()(now_ms())
    assert stopped(scene) == []


def test_what_was_compared_is_not_read_again(scene: Scene) -> None:
    live = LiveSweeps()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        live(now_ms())
    assert len(queries) == 1
    children, _ = start(scene, policy={"type": "median"})
    log(scene, children[0], 0.1)
    live(now_ms())
    with CaptureQueriesContext(connection) as queries:
        live(now_ms())
    assert len(queries) <= 4


def test_the_best_run_is_a_property_of_the_sweep(scene: Scene) -> None:
    children, agent = start(scene)
    for n, child in enumerate(children, 1):
        log(scene, child, 1 - abs(n - 2) / 10, 0.0)
        agent.end(child, "Completed")
    assert scene.status("sweep") == "Completed"
    found = scene.member.get("runs/sweep/properties")["properties"]
    assert (found["best_child_run_id"], found["score"]) == (children[1], "1.0")
    assert not Sweep.objects.get().is_live


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ([], "No child run logged the primary metric 'acc'."),
        (["NaN"], "No child run logged a finite number as 'acc'."),
    ],
    ids=str,
)
def test_a_sweep_without_its_metric_failed(
    scene: Scene, values: list[object], sentence: str
) -> None:
    children, agent = start(scene)
    for child in children:
        if values:
            log(scene, child, *values)
        agent.end(child, "Completed")
    run = scene.member.get("runs/sweep")
    assert run["status"] == "Failed"
    assert sentence in run["error"]


def test_a_sweep_whose_runs_all_failed_failed(scene: Scene) -> None:
    children, agent = start(scene)
    for child in children:
        agent.end(child, "Failed")
    assert scene.member.get("runs/sweep")["error"] == "All 4 child runs failed."


def test_a_sweep_ends_on_time(scene: Scene) -> None:
    children, agent = start(scene, max_duration_minutes=5)
    agent.end(children[0], "Completed")
    live = LiveSweeps()
    live(now_ms() + 4 * 60_000)
    assert scene.status(children[1]) == "Running"
    live(now_ms() + 6 * 60_000)
    assert scene.status(children[1]) == "CancelRequested"
    for child in children[1:]:
        scene.report(child, "Canceled")
    # The one that ended did not log the metric.
    assert scene.status("sweep") == "Failed"
    assert info(scene)["closed"] == "The sweep reached its max duration."


def test_a_property_that_a_script_wrote_is_kept(scene: Scene) -> None:
    children, agent = start(scene)
    scene.member.post("runs/sweep/properties", properties={"score": "mine"})
    for child in children:
        log(scene, child, 0.5)
        agent.end(child, "Completed")
    assert scene.status("sweep") == "Completed"
    found = scene.member.get("runs/sweep/properties")["properties"]
    assert (found["score"], found["best_child_run_id"]) == ("mine", children[0])


def test_a_run_in_the_trash_is_not_compared(scene: Scene) -> None:
    policy = {"type": "bandit", "slack_factor": 0.5}
    children, agent = start(scene, policy=policy)
    for child, value in zip(children, (0.3, 0.4, 0.5, 1000.0), strict=True):
        log(scene, child, value)
    agent.end(children[3], "Completed")
    scene.member.ok("DELETE", f"runs/{children[3]}")
    LiveSweeps()(now_ms())
    assert stopped(scene) == [1]


def test_a_large_sweep_gets_its_runs_in_batches(scene: Scene) -> None:
    made = sweep(scene, space={"n": {"from": 1, "to": 120}})
    assert (len(made["children"]), made["total"]) == (50, 120)
    # Another worker, or a restarted one, goes on where one ended.
    add_children(Sweep.objects.get(), now=now_ms(), limit=25)
    while not Sweep.objects.get().is_complete:
        LiveSweeps()(now_ms())
    LiveSweeps()(now_ms())
    values = [int(child["values"]["--n"]) for child in info(scene)["children"]]
    assert sorted(values) == list(range(1, 121))


BAYESIAN = {
    "sampling": "bayesian",
    "space": {"x": {"from": 0.0, "to": 1.0}, "kind": ["a", "b"]},
    "seed": 7,
    "at_once": 1,
    **METRIC,
}


def run_bayesian(scene: Scene, agent: TestAgent, name: str) -> list[dict[str, str]]:
    """Run a Bayesian sweep that is best at x = 0.3, and return its values."""
    sweep(scene, id=name, count=12, **BAYESIAN)
    live = LiveSweeps()
    tried = []
    while scene.status(name) != "Completed":
        [child] = agent.take()
        values = Job.objects.get(run__run_id=child).values
        assert values is not None
        tried.append(values)
        log(scene, child, -abs(float(values["--x"]) - 0.3))
        agent.end(child, "Completed")
        live(now_ms())
    return tried


def test_a_bayesian_sample_is_the_same_for_a_seed(scene: Scene) -> None:
    agent = scene.agent()
    tried = run_bayesian(scene, agent, "sweep")
    assert len(tried) == 12
    assert run_bayesian(scene, agent, "again") == tried


def test_a_bayesian_sample_tries_a_combination_once(scene: Scene) -> None:
    space = {"n": {"from": 1, "to": 12}}
    agent = scene.agent(slots=3)
    sweep(scene, **{**BAYESIAN, "space": space, "count": 40, "at_once": 3})
    live = LiveSweeps()
    while scene.status("sweep") in ("Queued", "Running"):
        for child in agent.take():
            log(scene, child, 1.0)
            agent.end(child, "Completed")
        live(now_ms())
    tried = [int(child["values"]["--n"]) for child in info(scene)["children"]]
    assert sorted(tried) == list(range(1, 13))


@pytest.mark.parametrize(
    "values", [{"quniform": [1, 3, 1]}, ["1", "1", "2"], {"uniform": [1, 1]}], ids=str
)
def test_a_bayesian_sample_of_few_values_ends(scene: Scene, values: object) -> None:
    agent = scene.agent()
    sweep(scene, **{**BAYESIAN, "space": {"n": values}, "count": 6})
    live = LiveSweeps()
    for _ in range(4):
        for child in agent.take():
            log(scene, child, 1.0)
            agent.end(child, "Completed")
        live(now_ms())
    assert scene.status("sweep") == "Completed"
    assert info(scene)["closed"] == "All combinations were tried."


def test_a_sweep_that_breaks_is_closed_and_others_go_on(scene: Scene) -> None:
    sweep(scene, id="broken", space={"n": {"from": 1, "to": 60}})
    # Nothing writes this: it stands for a fault of the server.
    Sweep.objects.update(child_tags=["x"])
    children, _ = start(scene, policy={"type": "median"})
    for n, child in enumerate(children[:2], 1):
        log(scene, child, n / 10)
    live = LiveSweeps()
    for _ in range(5):
        live(now_ms())
    assert stopped(scene) == [1]
    found = scene.member.get("runs/broken/sweep")
    assert "could not continue" in found["closed"]


def test_a_closed_sweep_ends_on_time_too(scene: Scene) -> None:
    children, _ = start(scene, max_duration_minutes=5)
    Sweep.objects.update(closed="All combinations were tried.")
    LiveSweeps()(now_ms() + 6 * 60_000)
    assert {scene.status(child) for child in children} == {"CancelRequested"}
    with CaptureQueriesContext(connection) as queries:
        LiveSweeps()(now_ms() + 7 * 60_000)
    assert len(queries) == 2


def test_a_canceled_bayesian_sample_gets_no_more_runs(scene: Scene) -> None:
    agent = scene.agent()
    sweep(scene, count=9, **BAYESIAN)
    [child] = agent.take()
    scene.member.post("runs/sweep/cancel")
    LiveSweeps()(now_ms())
    scene.report(child, "Canceled")
    LiveSweeps()(now_ms())
    assert scene.status("sweep") == "Canceled"
    assert Job.objects.count() == 1


def test_a_bayesian_sample_in_the_trash_gets_no_more_runs(scene: Scene) -> None:
    agent = scene.agent()
    sweep(scene, count=9, **BAYESIAN)
    [child] = agent.take()
    scene.member.ok("DELETE", "runs/sweep")
    agent.end(child, "Completed")
    LiveSweeps()(now_ms())
    assert Job.objects.count() == 1
    scene.member.post("runs/sweep/restore")
    LiveSweeps()(now_ms())
    assert Job.objects.count() == 2


def test_a_bayesian_sample_without_its_metric_ends_early(scene: Scene) -> None:
    agent = scene.agent()
    sweep(scene, count=40, **BAYESIAN)
    live = LiveSweeps()
    while scene.status("sweep") not in ("Completed", "Failed"):
        for child in agent.take():
            agent.end(child, "Completed")
        live(now_ms())
    assert Job.objects.count() == 5
    run = scene.member.get("runs/sweep")
    assert (run["status"], "primary metric 'acc'" in run["error"]) == ("Failed", True)


def test_a_sweep_whose_target_was_removed_ends(scene: Scene) -> None:
    sweep(scene, count=9, **BAYESIAN)
    agent = scene.agent()
    [child] = agent.take()
    log(scene, child, 0.5)
    agent.end(child, "Completed")
    scene.owner.ok("DELETE", "compute/gpu")
    LiveSweeps()(now_ms())
    assert "gpu" in info(scene)["closed"]
    assert scene.status("sweep") == "Completed"


def test_a_run_that_is_no_sweep_has_none(scene: Scene) -> None:
    status, error = scene.member.refused("GET", "runs/base/sweep")
    assert (status, error["message"]) == (404, "Run base is not a sweep.")
    assert Run.objects.count() == 1
