"""Ending a run from its page, and the trash."""

from __future__ import annotations

import pytest
from django.test import Client

from runs.actions.actor import Actor
from runs.actions.ingest import append_log
from runs.actions.run import add_run_properties
from runs.actions.run.cancel_steps import acknowledge_cancel, record_cancel_signal
from runs.actions.run.heartbeats import (
    HEARTBEAT_TIMEOUT_SECONDS,
    mark_unresponsive_runs,
    receive_heartbeat,
)
from runs.actions.run.lifecycle import change_status, request_cancel
from runs.actions.run.runs import create_run
from runs.models import Experiment, Run, now_ms
from runs.search.run import find_cancel_request
from studio.core.cancel_signals import CancelSignal
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
    browser: Client, run: Run, actor: Actor
) -> None:
    Run.objects.update(heartbeats=True)
    request_cancel(run, actor=actor, now=now_ms())
    page = browser.get(PAGE)
    assert one(page, "li.now b").text == "Acknowledged"
    assert every(page, f"form[action={PAGE}force/]") == []


def test_a_script_that_nothing_can_stop_is_named_before_and_after_the_request(
    browser: Client, run: Run, actor: Actor, now: int
) -> None:
    sentence = "Nothing can stop this script from here"
    assert sentence in browser.get(f"{PAGE}cancel/").text
    request_cancel(run, actor=actor, now=now)
    page = browser.get(PAGE)
    assert sentence in page.text
    assert every(page, "li.now") == []
    assert one(page, f"form[action={PAGE}force/]")


@pytest.fixture
def stopping(experiment: Experiment, actor: Actor, now: int) -> Run:
    """A run whose process got SIGINT, a moment ago."""
    run = create_run(experiment, run_id="run-1", heartbeats=True, actor=actor, now=now)
    request_cancel(run, actor=actor, now=now)
    acknowledge_cancel(run, actor=actor, now=now)
    record_cancel_signal(run, CancelSignal.INTERRUPT, now, actor=actor, now=now)
    return run


def test_the_signals_are_shown_with_a_countdown(
    browser: Client, stopping: Run, now: int
) -> None:
    page = browser.get(PAGE)
    assert one(page, "li.now b").text == "Stopping"
    assert [each.text for each in every(page, ".signals .done b")] == ["SIGINT"]
    due = [
        each.attributes["data-countdown"]
        for each in every(page, ".signals span")
        if "data-countdown" in each.attributes
    ]
    assert due == [str(now + 30_000), str(now + 60_000)]
    assert every(page, f"form[action={PAGE}stop/]") == []


def test_the_launcher_tells_its_delays_and_its_machine(
    browser: Client, stopping: Run, actor: Actor, now: int
) -> None:
    texts = {
        "studio.terminate_after": "5",
        "studio.kill_after": "a while",
        "studio.host": "tern-gpu-01",
    }
    add_run_properties(stopping, texts, actor=actor, now=now)
    page = browser.get(PAGE)
    assert "tern-gpu-01" in one(page, ".progress-steps").text
    found = page.context["signals"]
    assert [each.due for each in found] == [None, now + 5_000, now + 60_000]


def test_force_stop_is_offered_from_sigterm_on_and_asks_for_sigkill(
    browser: Client, stopping: Run, actor: Actor, now: int
) -> None:
    record_cancel_signal(stopping, CancelSignal.TERMINATE, now, actor=actor, now=now)
    page = browser.get(PAGE)
    assert one(page, f"form[action={PAGE}stop/]").text.endswith("Force stop")
    browser.post(f"{PAGE}stop/")
    page = browser.get(PAGE)
    assert status(stopping) is RunStatus.CANCEL_REQUESTED
    assert every(page, f"form[action={PAGE}stop/]") == []
    assert "requested SIGKILL" in page.text


def test_the_card_shows_the_end_of_the_log(
    browser: Client, stopping: Run, actor: Actor, now: int
) -> None:
    text = b"one\ntwo\n10%\r\x1b[31m20%\x1b[0m\nsaving <b>\n"
    append_log(
        stopping,
        "logs/std_log.txt",
        0,
        text,
        writer="",
        actor=actor,
        now=now,
        limit=10**6,
    )
    page = browser.get(PAGE)
    assert page.context["log_lines"] == ["two", "20%", "saving <b>"]
    assert "saving &lt;b&gt;" in page.text
    assert (
        one(page, ".cancel-more a").attributes["href"]
        == f"{PAGE}files/?path=logs/std_log.txt"
    )


def test_a_canceled_run_shows_what_happened(
    browser: Client, stopping: Run, actor: Actor, now: int
) -> None:
    change_status(stopping, RunStatus.CANCELED, actor=actor, now=now)
    page = browser.get(PAGE)
    assert len(every(page, ".progress-steps li.done")) == 4
    assert every(page, "[data-countdown], .cancel-progress form") == []


def test_a_run_that_canceled_itself_shows_no_steps(
    browser: Client, run: Run, actor: Actor, now: int
) -> None:
    change_status(run, RunStatus.CANCELED, actor=actor, now=now)
    assert every(browser.get(PAGE), ".progress-steps") == []


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
    run.refresh_from_db()
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
