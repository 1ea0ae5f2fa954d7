"""Sampling and early stopping of a sweep, from the form."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from runs.models import Run, Sweep
from tests.access.people import Team
from tests.pages.submit.test_form import (
    browser,
    form_values,
    path_of,
    submitted_run,
    team,
)
from tests.parts.elements import parse_page

pytestmark = pytest.mark.django_db
__all__ = ["browser", "team"]

SWEPT = {
    "swept": ["--lr"],
    "swept_values": ["loguniform(-9, -2)"],
    "sampling": "random",
    "count": "6",
    "metric": "val/acc",
}


def submit(team: Team, browser: Client, **changed: Any) -> Any:
    """Submit a sweep of a run; returns the response."""
    old = submitted_run(team)
    return browser.post(
        path_of(old), {**form_values(browser, path_of(old)), **SWEPT, **changed}
    )


def truncation(*, is_of_running: bool) -> dict[str, Any]:
    return {
        "type": "truncation",
        "truncation_percentage": 20,
        "exclude_finished_jobs": is_of_running,
    }


@pytest.mark.parametrize(
    ("choice", "slack", "policy"),
    [
        ("median", "", {"type": "median"}),
        ("bandit", "0.2", {"type": "bandit", "slack_factor": 0.2}),
        ("bandit_amount", "0.2", {"type": "bandit", "slack_amount": 0.2}),
        ("truncation", "20", truncation(is_of_running=False)),
        ("truncation_of_running", "20", truncation(is_of_running=True)),
    ],
)
def test_the_form_has_a_policy(
    team: Team, browser: Client, choice: str, slack: str, policy: dict[str, Any]
) -> None:
    sent = {"policy": choice, "slack": slack, "delay": "5", "goal": "minimize"}
    submit(team, browser, **sent, sweep_minutes="90")
    sweep = Sweep.objects.get()
    assert (sweep.metric, sweep.goal, sweep.total) == ("val/acc", "minimize", 6)
    intervals = {"evaluation_interval": 1, "delay_evaluation": 5}
    assert sweep.policy == {**policy, **intervals}
    assert sweep.space == {"--lr": {"loguniform": [-9, -2]}}
    again = form_values(browser, path_of(sweep.run))
    kept = {"policy": choice, "delay": "5", "goal": "minimize", "sweep_minutes": "90"}
    assert {key: again[key][0] for key in kept} == kept
    assert again["swept_values"][0] == "loguniform(-9, -2)"


def test_a_bayesian_sample_starts_few_runs(team: Team, browser: Client) -> None:
    answer = submit(
        team, browser, sampling="bayesian", count="20", swept_values=["1..100"]
    )
    sweep = Sweep.objects.get()
    assert (sweep.run.children.count(), sweep.total, sweep.at_once) == (4, 20, 4)
    page = parse_page(browser.get(answer.headers["Location"]))
    assert "20 runs submitted." in page.one("#toasts").text


def test_the_command_has_the_policy(team: Team, browser: Client) -> None:
    submit(team, browser, policy="bandit", slack="0.2", goal="minimize")
    sweep = Sweep.objects.get()
    page = parse_page(browser.get(path_of(sweep.run)))
    command = page.one("#same-command").text
    assert "--metric val/acc" in command
    assert "--goal minimize" in command
    assert "--stop-early 'bandit slack_factor=0.2'" in command


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"policy": "median", "metric": ""}, "they need primary_metric and goal"),
        ({"policy": "bandit", "slack": ""}, "Enter a number for early stopping."),
        ({"policy": "bandit", "slack": "-1"}, "must be a number from 0"),
        ({"policy": "truncation", "slack": "100"}, "from 1 to 99"),
        ({"policy": "median", "delay": "x"}, "are whole numbers"),
        ({"sampling": "grid"}, "A grid can't have the range"),
        ({"sampling": "bayesian", "count": ""}, "needs the number of runs"),
        (
            {"sampling": "bayesian", "swept_values": ["normal(0, 1)"]},
            "can't learn from normal",
        ),
        ({"swept_values": ["loguniform(-2, -9)"]}, "ends before it begins"),
        ({"swept_values": ["quniform(0, 1)"]}, "needs the numbers min, max, q"),
    ],
    ids=str,
)
def test_a_sweep_that_makes_no_sense_is_refused(
    team: Team, browser: Client, changed: dict[str, Any], sentence: str
) -> None:
    answer = submit(team, browser, **changed)
    assert answer.status_code == 422
    assert sentence in parse_page(answer).one("[role=alert]").text
    assert not Run.objects.filter(type="studio.sweep").exists()
