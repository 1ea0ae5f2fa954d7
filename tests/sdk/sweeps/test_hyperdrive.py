"""A sweep of v1's HyperDrive: the script that submits it, and a real agent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agent.cluster import Cluster
from tests.parts.server import Server
from tests.sdk.user import User

#: A run below 3 goes on until it is stopped.
TRAIN = """
import sys, time
from azureml.core import Run

value = int(sys.argv[sys.argv.index("--x") + 1])
run = Run.get_context()
for step in range(3):
    run.log("acc", round(value / 10 + step / 100, 2))
while value < 3:
    run.log("acc", value / 10)
    time.sleep(0.5)
"""
SUBMIT = """
import json
from azureml.core import Experiment, Run, ScriptRunConfig, Workspace
from azureml.train.hyperdrive import (
    HyperDriveConfig, HyperDriveRun, MedianStoppingPolicy, PrimaryMetricGoal,
    RandomParameterSampling, choice,
)

ws = Workspace.from_config()
experiment = Experiment(ws, "sweeps")
sweep = HyperDriveConfig(
    run_config=ScriptRunConfig("sources", "train.py", compute_target={target!r}),
    hyperparameter_sampling=RandomParameterSampling(
        {{"--x": choice(1, 3, 4)}}, properties={{"seed": 7}}
    ),
    policy=MedianStoppingPolicy(),
    primary_metric_name="acc",
    primary_metric_goal=PrimaryMetricGoal.MAXIMIZE,
    max_total_runs=3,
    max_concurrent_runs=2,
)
runs = [experiment.submit(sweep, tags={{"team": "nlp"}}) for _ in range(2)]
found = []
for run in runs:
    assert isinstance(run, HyperDriveRun), run
    details = run.wait_for_completion()
    assert details["status"] == "Completed", details
    best = run.get_best_run_by_primary_metric()
    children = run.get_children_sorted_by_primary_metric()
    assert best.id == children[0]["run_id"] == run.get_properties()["best_child_run_id"]
    assert run.get_metrics()[best.id]["acc"] == [0.4, 0.41, 0.42]
    assert json.loads(run.get_hyperparameters()[best.id]) == {{"--x": 4}}
    worst = run.get_children_sorted_by_primary_metric(top=1, reverse=True)[0]
    found.append([worst["hyperparameters"], children[0]["hyperparameters"]] + [
        (one["best_primary_metric"], one["status"]) for one in children
    ])
listed = [run.id for run in experiment.get_runs(type="hyperdrive")]
# Others of the server can be in the experiment.
assert listed[:2] == [run.id for run in reversed(runs)], listed
print(json.dumps(found))
"""


@pytest.fixture
def cluster(server: Server, tmp_path: Path) -> Iterator[Cluster]:
    cluster = Cluster.create(server, tmp_path)
    yield cluster
    cluster.end()


def test_a_sweep_with_median_stopping_finds_the_same_best_run_twice(
    user: User, cluster: Cluster
) -> None:
    sources = user.folder / "sources"
    sources.mkdir()
    (sources / "train.py").write_text(TRAIN)
    cluster.start_agent("--slots", "4")
    said = user.said(SUBMIT.format(target=cluster.target))
    first, again = json.loads(said)
    assert first == again
    assert first == [
        '{"--x": 1}',
        '{"--x": 4}',
        [0.42, "Completed"],
        [0.32, "Completed"],
        [0.12, "Canceled"],
    ]
