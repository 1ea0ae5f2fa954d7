"""The run page's toolbar: archive, how it ended, the lock; the progress of a cancel."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from runs.actions.actor import Actor
from runs.actions.run.cancel_steps import acknowledge_cancel
from runs.actions.run.heartbeats import receive_heartbeat
from runs.actions.run.lifecycle import change_status, request_cancel
from runs.actions.run.runs import create_run
from runs.models import Experiment, Run, RunEvent, now_ms
from runs.pages.run_shell import allowed_actions as run_legal
from studio.core.statuses import RunStatus
from tests.pages.run.run_page import HTMX, PAGE, browser, cost
from tests.parts.elements import every, texts

__all__ = ["browser"]
pytestmark = pytest.mark.django_db

TRACEBACK = """Traceback (most recent call last):
  File "train.py", line {line}, in main
    fit()
ValueError: lr {line} is bad"""


def fresh(run: Run) -> Run:
    return Run.objects.get(pk=run.pk)


def test_archive_can_be_undone_by_its_toast(browser: Client, run: Run) -> None:
    page = browser.post(f"{PAGE}archive/", follow=True)
    assert fresh(run).archived is not None
    assert "Unarchive" in page.text
    [message] = page.context["messages"]
    browser.post(message.extra_tags)
    assert fresh(run).archived is None


@pytest.mark.parametrize("action", ["archive", "lock", "trash", "restore"])
def test_an_action_returns_to_its_tab(browser: Client, run: Run, action: str) -> None:
    here = f"{PAGE}history/?page=1"
    assert f'name="next" value="{here}"' in browser.get(here).text
    answer = browser.post(f"{PAGE}{action}/", {"next": here})
    assert answer["Location"] == here
    elsewhere = {"next": "https://evil.example/"}
    assert browser.post(f"{PAGE}{action}/", elsewhere)["Location"] == PAGE


def test_the_writer_that_ends_the_run_sets_its_status(
    browser: Client, run: Run
) -> None:
    assert "End run" in browser.get(f"{PAGE}finish/", headers=HTMX).text
    browser.post(f"{PAGE}finish/", {"status": "Failed", "reason": "it hung"})
    assert (fresh(run).state, fresh(run).error) == (RunStatus.FAILED, "it hung")


def test_only_a_launcher_ends_its_runs(browser: Client, run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(launcher="runner")
    assert "The launcher of this run sets its final status." in browser.get(PAGE).text
    answer = browser.post(f"{PAGE}finish/", {"status": "Completed"})
    assert answer.status_code == 409
    assert fresh(run).state is RunStatus.RUNNING


def test_a_run_whose_launcher_is_silent_can_be_ended_by_hand(
    browser: Client, run: Run
) -> None:
    silent = RunStatus.NOT_RESPONDING.code
    Run.objects.filter(pk=run.pk).update(launcher="runner", status=silent)
    browser.post(f"{PAGE}finish/", {"status": "Failed", "reason": "power cut"})
    assert (fresh(run).state, fresh(run).error) == (RunStatus.FAILED, "power cut")


@pytest.mark.parametrize("status", ["Canceled", "Running", ""])
def test_only_final_statuses_are_accepted(
    browser: Client, run: Run, status: str
) -> None:
    answer = browser.post(f"{PAGE}finish/", {"status": status})
    assert answer.status_code == 400


def test_a_locked_run_cannot_be_deleted(browser: Client, run: Run) -> None:
    assert "Locked" in browser.post(f"{PAGE}lock/", follow=True).text
    assert "This run is locked by" in browser.get(PAGE).text
    assert browser.post(f"{PAGE}trash/").status_code == 409
    deleted = browser.delete("/api/v1/workspaces/default/runs/run-1")
    assert deleted.status_code == 409
    assert "locked" in deleted.json()["error"]["message"]
    asked = json.dumps({"run_id": "run-1"})
    mlflow = browser.post(
        "/w/default/api/2.0/mlflow/runs/delete", asked, "application/json"
    )
    assert mlflow.status_code == 400
    assert "locked" in mlflow.json()["message"]
    browser.post(f"{PAGE}lock/", {"on": "0"})
    browser.post(f"{PAGE}trash/")
    assert fresh(run).deleted is not None


def test_runs_in_the_trash_can_only_be_unlocked(browser: Client, run: Run) -> None:
    Experiment.objects.filter(pk=run.experiment_id).update(deleted=1)
    assert "The experiment of this run is in the trash." in browser.get(PAGE).text
    assert browser.post(f"{PAGE}lock/").status_code == 409
    Run.objects.filter(pk=run.pk).update(locked=True, deleted=1)
    assert not browser.get(PAGE).context["refusals"].lock
    browser.post(f"{PAGE}lock/", {"on": "0"})
    assert not fresh(run).locked


def test_the_cancel_steps_show_when_the_writer_got_the_request(
    browser: Client, experiment: Experiment, actor: Actor, now: int
) -> None:
    run = create_run(experiment, run_id="run-1", heartbeats=True, actor=actor, now=now)
    request_cancel(run, actor=actor, now=now)
    assert browser.get(PAGE).context["cancel"].acknowledged is None
    for _ in range(2):
        acknowledge_cancel(run, actor=actor, now=now)
    cancel = browser.get(PAGE).context["cancel"]
    assert cancel.acknowledged.pk > cancel.asked.pk
    assert RunEvent.objects.filter(run=run).count() == 3


def test_a_heartbeat_response_has_the_cancel_request(
    browser: Client, experiment: Experiment, actor: Actor, now: int
) -> None:
    run = create_run(experiment, run_id="run-1", heartbeats=True, actor=actor, now=now)
    receive_heartbeat(run, actor=actor, now=now)
    request_cancel(run, actor=actor, now=now)
    path = "/api/v1/workspaces/default/runs/run-1/heartbeat"
    answer = browser.post(path, {}, content_type="application/json")
    assert answer.json()["cancel"] is True
    assert browser.get(PAGE).context["cancel"].acknowledged


def test_after_the_grace_period_a_run_can_be_ended_by_force(
    browser: Client, experiment: Experiment, actor: Actor
) -> None:
    long_ago = now_ms() - run_legal.FORCE_DELAY_MS
    for number, asked in enumerate((now_ms(), long_ago)):
        one = create_run(
            experiment, run_id=f"r{number}", heartbeats=True, actor=actor, now=asked
        )
        request_cancel(one, actor=actor, now=asked)
    for name, offered in (("r0", False), ("r1", True)):
        address = f"/w/default/runs/{name}/"
        forms = every(browser.get(address), f"form[action={address}force/]")
        assert bool(forms) is offered


def fail(experiment: Experiment, name: str, line: int, actor: Actor, now: int) -> Run:
    run = create_run(experiment, run_id=name, actor=actor, now=now)
    error = TRACEBACK.format(line=line)
    return change_status(run, RunStatus.FAILED, message=error, actor=actor, now=now)


def test_the_error_banner_links_to_runs_with_the_same_error(
    browser: Client, experiment: Experiment, actor: Actor, now: int
) -> None:
    for number, name in enumerate(("run-1", "copy"), start=3):
        fail(experiment, name, number, actor, now)
    other = create_run(experiment, run_id="other", actor=actor, now=now)
    change_status(
        other, RunStatus.FAILED, message="KeyError: 'x'", actor=actor, now=now
    )
    error = browser.get(PAGE).context["error"]
    assert error["same_error_count"] == 2
    found = browser.get(error["same_error_href"]).context["rows"]
    assert {row.run_id for row in found} == {"run-1", "copy"}


def test_a_failed_run_without_an_error_text_says_how_to_keep_one(
    browser: Client, experiment: Experiment, actor: Actor, now: int
) -> None:
    run = create_run(experiment, run_id="run-1", actor=actor, now=now)
    notice = "#run-error"
    assert texts(browser.get(PAGE), notice) == []
    change_status(run, RunStatus.FAILED, actor=actor, now=now)
    [shown] = texts(browser.get(PAGE), notice)
    assert "studio run" in shown


def test_the_number_of_queries_does_not_depend_on_errors_and_cancels(
    browser: Client, experiment: Experiment, actor: Actor, now: int
) -> None:
    fail(experiment, "run-1", 1, actor, now)
    before = cost(browser, PAGE)
    for number in range(5):
        fail(experiment, f"r{number}", number, actor, now)
    assert cost(browser, PAGE) == before
