"""Ending a run from its page, and the trash."""

from __future__ import annotations

import pytest
from django.test import Client

from runs.actions.actor import Actor
from runs.actions.run.heartbeats import (
    HEARTBEAT_TIMEOUT_SECONDS,
    mark_unresponsive_runs,
    receive_heartbeat,
)
from runs.actions.run.lifecycle import change_status, request_cancel
from runs.actions.run.runs import create_run
from runs.models import Experiment, Run
from runs.search.run.details import find_cancel_request
from studio.core.statuses import RunStatus
from tests.pages.run.run_page import HTMX, PAGE, browser
from tests.parts.elements import every, one

__all__ = ["browser"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def child(experiment: Experiment, run: Run, actor: Actor, now: int) -> Run:
    return create_run(
        experiment, run_id="kid", parent_run_id="run-1", actor=actor, now=now
    )


def status(run: Run) -> RunStatus:
    run.refresh_from_db()
    return run.state


def test_the_confirmation_counts_the_children(
    browser: Client, run: Run, child: Run, actor: Actor, now: int
) -> None:
    [choice] = [
        label
        for label in every(browser.get(f"{PAGE}cancel/"), "label")
        if label.all("input[name=children][checked]")
    ]
    assert choice.text == "with its 1 child, 1 of it running"
    change_status(child, RunStatus.COMPLETED, actor=actor, now=now)
    assert every(browser.get(f"{PAGE}cancel/"), "input[name=children]") == []


def test_the_confirmation_is_a_dialog_with_scripts(browser: Client, run: Run) -> None:
    dialog = browser.get(f"{PAGE}cancel/", headers=HTMX).text
    assert dialog.startswith('<dialog class="dialog" id="run-cancel"')
    assert " open>" not in dialog.partition("\n")[0]


@pytest.mark.parametrize(("children", "expected"), [("1", True), ("", False)])
def test_cancel_requests_the_end_of_the_run_and_optionally_its_children(
    browser: Client, run: Run, child: Run, children: str, *, expected: bool
) -> None:
    answer = browser.post(f"{PAGE}cancel/", {"children": children})
    assert (answer.status_code, answer["Location"]) == (302, PAGE)
    assert status(run) is RunStatus.CANCEL_REQUESTED
    assert (status(child) is RunStatus.CANCEL_REQUESTED) == expected


def test_the_page_shows_the_progress_of_a_cancel_request(
    browser: Client, run: Run, actor: Actor, now: int
) -> None:
    request_cancel(run, actor=actor, now=now)
    page = browser.get(PAGE)
    assert one(page, "li.now b").text == "Acknowledged"
    assert one(page, f"form[action={PAGE}force/]")


def test_force_ends_the_record_at_once(browser: Client, run: Run) -> None:
    browser.post(f"{PAGE}force/")
    assert status(run) is RunStatus.CANCELED


def test_force_is_not_offered_while_heartbeats_arrive(
    browser: Client, experiment: Experiment, actor: Actor, now: int
) -> None:
    create_run(experiment, run_id="run-1", heartbeats=True, actor=actor, now=now)
    assert "Force" not in browser.get(f"{PAGE}cancel/").text


def test_canceling_a_run_without_heartbeats_is_recorded_and_can_be_forced(
    browser: Client, experiment: Experiment, actor: Actor, now: int
) -> None:
    run = create_run(experiment, run_id="run-1", heartbeats=True, actor=actor, now=now)
    late = now + HEARTBEAT_TIMEOUT_SECONDS * 1000 + 1
    mark_unresponsive_runs(late, listening_since=0)
    assert f'formaction="{PAGE}force/"' in browser.get(f"{PAGE}cancel/").text
    assert "Requested" not in browser.get(PAGE).text
    browser.post(f"{PAGE}cancel/")
    mark_unresponsive_runs(late + 1, listening_since=0)
    assert status(run) is RunStatus.NOT_RESPONDING
    page = browser.get(PAGE).text
    assert "Requested" in page
    assert "The run stopped sending heartbeats" in page
    assert f'action="{PAGE}force/"' in page
    browser.post(f"{PAGE}force/")
    assert status(run) is RunStatus.CANCELED


def test_a_returning_run_shows_no_cancel_request_of_its_own(
    browser: Client, experiment: Experiment, actor: Actor, now: int
) -> None:
    run = create_run(experiment, run_id="run-1", heartbeats=True, actor=actor, now=now)
    request_cancel(run, actor=actor, now=now)
    asked = find_cancel_request(run)
    mark_unresponsive_runs(
        now + HEARTBEAT_TIMEOUT_SECONDS * 1000 + 1, listening_since=0
    )
    assert receive_heartbeat(run, actor=actor, now=now) is RunStatus.CANCEL_REQUESTED
    assert find_cancel_request(run) == asked
    assert asked.asked is not None


def test_a_finished_run_cannot_be_canceled(
    browser: Client, run: Run, actor: Actor, now: int
) -> None:
    change_status(run, RunStatus.COMPLETED, actor=actor, now=now)
    assert "This run has ended." in browser.get(PAGE).text
    browser.post(f"{PAGE}cancel/")
    browser.post(f"{PAGE}force/")
    assert status(run) is RunStatus.COMPLETED


def test_delete_moves_to_the_trash_and_restore_brings_back(
    browser: Client, run: Run
) -> None:
    assert "Moved to the trash" in browser.post(f"{PAGE}trash/", follow=True).text
    run.refresh_from_db()
    assert run.deleted is not None
    assert "Restored" in browser.post(f"{PAGE}restore/", follow=True).text
    run.refresh_from_db()
    assert run.deleted is None


@pytest.mark.parametrize("action", ["force", "trash", "restore"])
def test_a_visit_changes_nothing(browser: Client, run: Run, action: str) -> None:
    assert browser.get(f"{PAGE}{action}/").status_code == 405
