"""Runs that stop sending heartbeats."""

import pytest

from runs.actions.actor import Actor
from runs.actions.run.heartbeats import mark_unresponsive_runs
from runs.actions.run.lifecycle import change_status
from runs.actions.run.runs import create_run
from runs.models import Experiment, Run, RunEvent
from studio.core.statuses import RunStatus

MINUTE = 60_000


@pytest.fixture
def beating(experiment: Experiment, actor: Actor, now: int) -> Run:
    return create_run(experiment, heartbeats=True, actor=actor, now=now)


def status(run: Run) -> RunStatus:
    return Run.objects.get(pk=run.pk).state


def test_a_run_is_unresponsive_two_minutes_after_its_last_heartbeat(
    beating: Run, now: int
) -> None:
    assert mark_unresponsive_runs(now + 2 * MINUTE, listening_since=now) == 0
    assert mark_unresponsive_runs(now + 2 * MINUTE + 1, listening_since=now) == 1
    assert status(beating) is RunStatus.NOT_RESPONDING
    event = RunEvent.objects.filter(run=beating).latest("id")
    assert (event.new, event.level) == (RunStatus.NOT_RESPONDING.code, "warning")


def test_an_unresponsive_run_is_marked_once(beating: Run, now: int) -> None:
    assert mark_unresponsive_runs(now + 3 * MINUTE, listening_since=now) == 1
    assert mark_unresponsive_runs(now + 4 * MINUTE, listening_since=now) == 0


def test_downtime_of_the_server_does_not_count(beating: Run, now: int) -> None:
    back = now + 60 * MINUTE
    assert mark_unresponsive_runs(back + MINUTE, listening_since=back) == 0
    assert mark_unresponsive_runs(back + 3 * MINUTE, listening_since=back) == 1


def test_a_run_without_heartbeats_never_times_out(run: Run, now: int) -> None:
    assert mark_unresponsive_runs(now + 60 * MINUTE, listening_since=now) == 0
    assert status(run) is RunStatus.RUNNING


def test_a_finished_run_keeps_its_status(beating: Run, actor: Actor, now: int) -> None:
    change_status(beating, RunStatus.COMPLETED, actor=actor, now=now)
    assert mark_unresponsive_runs(now + 60 * MINUTE, listening_since=now) == 0


def test_a_run_with_recent_heartbeats_keeps_its_status(beating: Run, now: int) -> None:
    Run.objects.filter(pk=beating.pk).update(heard=now + 2 * MINUTE)
    assert mark_unresponsive_runs(now + 3 * MINUTE, listening_since=now) == 0


def test_a_run_continues_when_its_writer_returns(
    beating: Run, actor: Actor, now: int
) -> None:
    mark_unresponsive_runs(now + 3 * MINUTE, listening_since=now)
    change_status(beating, RunStatus.RUNNING, actor=actor, now=now + 4 * MINUTE)
    assert status(beating) is RunStatus.RUNNING
