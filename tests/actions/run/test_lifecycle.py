"""The state machine as the database sees it: every pair, events, clocks, launchers."""

from __future__ import annotations

from itertools import product

import pytest

from runs.actions.actor import SERVER, Actor
from runs.actions.run.cancel_steps import record_cancel_signal
from runs.actions.run.lifecycle import (
    StatusReporter,
    change_status,
    force_cancel,
    reopen_run,
    request_cancel,
)
from runs.actions.run.runs import create_run
from runs.models import Experiment, Launcher, Run, RunEvent
from studio.core.cancel_signals import CancelSignal
from studio.core.errors import IllegalTransition, InvalidValue
from studio.core.statuses import ACTIVE, FINAL, RunStatus, can_follow

S = RunStatus


def put(run: Run, status: RunStatus) -> Run:
    """Begin a test with a run of that status."""
    Run.objects.filter(pk=run.pk).update(status=status.code)
    run.refresh_from_db()
    return run


def stored(run: Run) -> RunStatus:
    return Run.objects.get(pk=run.pk).state


def events(run: Run) -> list[tuple[RunStatus | None, RunStatus]]:
    rows = RunEvent.objects.filter(run=run).order_by("id")
    return [
        (None if e.old is None else S.from_code(e.old), S.from_code(e.new))
        for e in rows
    ]


@pytest.mark.parametrize(("old", "new"), list(product(S, S)))
def test_every_pair_of_statuses_follows_the_transition_table(
    run: Run, actor: Actor, now: int, old: RunStatus, new: RunStatus
) -> None:
    put(run, old)
    if old is new:
        change_status(run, new, actor=actor, now=now)
        expected, event = old, None
    elif old.is_final:
        change_status(run, new, actor=actor, now=now)
        expected, event = old, (old, old)
    elif can_follow(old, new):
        change_status(run, new, actor=actor, now=now)
        expected, event = new, (old, new)
    else:
        with pytest.raises(IllegalTransition) as caught:
            change_status(run, new, actor=actor, now=now)
        assert caught.value.details["status"] == str(old)
        expected, event = old, None
    assert stored(run) is run.state is expected
    assert events(run)[1:] == ([event] if event else [])


def test_the_first_event_has_the_initial_status(run: Run) -> None:
    assert events(run) == [(None, S.RUNNING)]


def test_only_the_first_running_status_sets_the_start_time(
    experiment: Experiment, actor: Actor, now: int
) -> None:
    run = create_run(experiment, status=S.QUEUED, actor=actor, now=now)
    assert run.started is None
    change_status(run, S.RUNNING, actor=actor, now=now + 1)
    change_status(run, S.PAUSED, actor=actor, now=now + 2)
    change_status(run, S.RUNNING, actor=actor, now=now + 3)
    run.refresh_from_db()
    assert run.started == now + 1


def test_a_final_status_ends_the_run_at_the_time_of_its_writer(
    run: Run, actor: Actor, now: int
) -> None:
    change_status(run, S.COMPLETED, actor=actor, now=now + 9, ended=now + 5)
    run.refresh_from_db()
    assert run.ended == now + 5


def test_a_final_status_without_a_time_ends_the_run_now(
    run: Run, actor: Actor, now: int
) -> None:
    change_status(run, S.CANCELED, actor=actor, now=now + 9)
    assert Run.objects.get(pk=run.pk).ended == now + 9


def test_an_end_before_the_start_is_refused(run: Run, actor: Actor, now: int) -> None:
    with pytest.raises(InvalidValue):
        change_status(run, S.COMPLETED, actor=actor, now=now, ended=-1)
    assert stored(run) is S.RUNNING


def test_a_failed_run_stays_failed_when_its_process_exits_0(
    run: Run, actor: Actor, now: int
) -> None:
    change_status(run, S.FAILED, actor=actor, now=now + 1, message="diverged")
    change_status(run, S.COMPLETED, actor=actor, now=now + 2)
    run.refresh_from_db()
    assert (run.state, run.ended, run.error) == (S.FAILED, now + 1, "diverged")
    assert events(run)[-1] == (S.FAILED, S.FAILED)


def test_every_status_change_raises_the_revision(
    run: Run, actor: Actor, now: int
) -> None:
    before = run.revision
    change_status(run, S.FINALIZING, actor=actor, now=now + 1)
    change_status(run, S.COMPLETED, actor=actor, now=now + 2)
    assert run.revision == before + 2
    run.refresh_from_db()
    assert (run.revision, run.updated) == (before + 2, now + 2)


def test_a_concurrent_change_is_checked_against_the_current_status(
    run: Run, actor: Actor, now: int
) -> None:
    stale = Run.objects.get(pk=run.pk)
    change_status(run, S.COMPLETED, actor=actor, now=now)
    change_status(stale, S.FAILED, actor=actor, now=now)
    assert stored(run) is stale.state is S.COMPLETED


@pytest.mark.parametrize("final", sorted(FINAL))
def test_a_final_run_can_be_reopened(
    run: Run, actor: Actor, now: int, final: RunStatus
) -> None:
    change_status(run, final, actor=actor, now=now, message="why")
    reopen_run(run, actor=actor, now=now + 1)
    run.refresh_from_db()
    assert (run.state, run.ended, run.error) == (S.RUNNING, None, "")
    assert events(run)[-1] == (final, S.RUNNING)


@pytest.mark.parametrize("status", sorted(ACTIVE))
def test_reopening_an_active_run_changes_nothing(
    run: Run, actor: Actor, now: int, status: RunStatus
) -> None:
    put(run, status)
    reopen_run(run, actor=actor, now=now)
    assert stored(run) is status
    assert len(events(run)) == 1


@pytest.fixture
def launched(run: Run) -> Run:
    run.launcher = Launcher.AGENT
    run.save(update_fields=["launcher"])
    return run


@pytest.mark.parametrize("new", [S.COMPLETED, S.CANCELED, S.FINALIZING, S.PAUSED])
def test_a_script_cannot_complete_a_run_of_a_launcher(
    launched: Run, actor: Actor, now: int, new: RunStatus
) -> None:
    change_status(launched, new, actor=actor, now=now)
    assert stored(launched) is S.RUNNING
    assert events(launched)[-1] == (S.RUNNING, S.RUNNING)


def test_a_script_can_fail_a_run_of_a_launcher(
    launched: Run, actor: Actor, now: int
) -> None:
    change_status(launched, S.FAILED, actor=actor, now=now, message="no data")
    assert stored(launched) is S.FAILED


def test_the_launcher_ends_its_run(launched: Run, actor: Actor, now: int) -> None:
    change_status(
        launched, S.COMPLETED, actor=actor, now=now, origin=StatusReporter.LAUNCHER
    )
    assert stored(launched) is S.COMPLETED


def test_a_script_cannot_reopen_a_run_of_a_launcher(
    launched: Run, actor: Actor, now: int
) -> None:
    change_status(
        launched, S.COMPLETED, actor=actor, now=now, origin=StatusReporter.LAUNCHER
    )
    reopen_run(launched, actor=actor, now=now)
    assert stored(launched) is S.COMPLETED
    assert events(launched)[-1] == (S.COMPLETED, S.COMPLETED)


def test_a_lost_run_of_an_agent_can_be_requeued(
    launched: Run, actor: Actor, now: int
) -> None:
    put(launched, S.NOT_RESPONDING)
    change_status(
        launched, S.QUEUED, actor=actor, now=now, origin=StatusReporter.LAUNCHER
    )
    assert stored(launched) is S.QUEUED


def test_only_an_agents_running_run_can_be_requeued(
    run: Run, actor: Actor, now: int
) -> None:
    with pytest.raises(IllegalTransition):
        change_status(
            run, S.QUEUED, actor=actor, now=now, origin=StatusReporter.LAUNCHER
        )


def test_two_cancel_requests_are_one_event(run: Run, actor: Actor, now: int) -> None:
    request_cancel(run, actor=actor, now=now)
    request_cancel(run, actor=actor, now=now)
    assert stored(run) is S.CANCEL_REQUESTED
    assert events(run)[1:] == [(S.RUNNING, S.CANCEL_REQUESTED)]


@pytest.mark.parametrize("status", [S.COMPLETED, S.FAILED])
@pytest.mark.parametrize("is_interrupted", [True, False])
def test_an_interrupted_run_ends_as_canceled(
    run: Run, actor: Actor, now: int, status: RunStatus, is_interrupted: bool
) -> None:
    """The interrupt can have ended a process that joined the run."""
    request_cancel(run, actor=actor, now=now)
    if is_interrupted:
        record_cancel_signal(run, CancelSignal.INTERRUPT, now, actor=actor, now=now)
    change_status(run, status, actor=actor, now=now)
    assert stored(run) is (S.CANCELED if is_interrupted else status)


def test_canceling_with_children_reaches_the_whole_tree(
    experiment: Experiment, run: Run, actor: Actor, now: int
) -> None:
    def below(parent: Run) -> Run:
        return create_run(experiment, parent_run_id=parent.run_id, actor=actor, now=now)

    child, done = below(run), below(run)
    grandchild = below(child)
    change_status(done, S.COMPLETED, actor=actor, now=now)
    request_cancel(run, actor=actor, now=now, children=True)
    assert [stored(r) for r in (run, child, grandchild, done)] == [
        *[S.CANCEL_REQUESTED] * 3,
        S.COMPLETED,
    ]
    assert len(events(done)) == 2


def test_canceling_without_children_leaves_them(
    experiment: Experiment, run: Run, actor: Actor, now: int
) -> None:
    child = create_run(experiment, parent_run_id=run.run_id, actor=actor, now=now)
    request_cancel(run, actor=actor, now=now)
    assert stored(child) is S.RUNNING


@pytest.mark.parametrize("status", sorted(S))
def test_force_ends_any_active_run(
    run: Run, actor: Actor, now: int, status: RunStatus
) -> None:
    put(run, status)
    force_cancel(run, actor=actor, now=now)
    assert stored(run) is (status if status.is_final else S.CANCELED)


def test_force_ends_a_run_of_a_launcher(launched: Run, actor: Actor, now: int) -> None:
    force_cancel(launched, actor=actor, now=now)
    assert stored(launched) is S.CANCELED


def test_only_the_script_counts_as_a_heartbeat(
    run: Run, actor: Actor, now: int
) -> None:
    change_status(
        run, S.NOT_RESPONDING, actor=SERVER, now=now + 5, origin=StatusReporter.SERVER
    )
    assert Run.objects.get(pk=run.pk).heard == now
    change_status(run, S.RUNNING, actor=actor, now=now + 9)
    assert Run.objects.get(pk=run.pk).heard == now + 9


def test_an_event_names_who_did_it(run: Run, actor: Actor, now: int) -> None:
    change_status(run, S.COMPLETED, actor=actor, now=now)
    event = RunEvent.objects.filter(run=run).latest("id")
    assert (event.actor, event.time) == (actor.user, now)
