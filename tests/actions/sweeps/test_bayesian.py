"""Bayesian samples come closer to the best values with each result."""

from __future__ import annotations

from runs.actions.sweeps.bayesian import propose
from runs.models import Sweep
from runs.search.sweeps import SweepResult
from studio.core.statuses import RunStatus

RUNS = 30
BEST = 0.3


def distance_of_last(goal: str) -> float:
    """The mean distance of the last ten values from the one with the highest metric."""
    sweep = Sweep(
        space={"--x": {"from": 0.0, "to": 1.0}}, goal=goal, seed=7, metric="acc"
    )
    results: list[SweepResult] = []
    distances: list[float] = []
    for number in range(RUNS):
        sweep.proposed = number
        [values] = propose(sweep, 1, results)
        distances.append(abs(float(values["--x"]) - BEST))
        results.append(
            SweepResult(
                run_id=f"run-{number}",
                name=f"run {number}",
                status=RunStatus.COMPLETED,
                values=values,
                best=-distances[-1],
                has_metric=True,
                stop_reason="",
            )
        )
    return sum(distances[-10:]) / 10


def test_a_bayesian_sample_learns_from_the_goal() -> None:
    assert 2 * distance_of_last("maximize") < distance_of_last("minimize")
