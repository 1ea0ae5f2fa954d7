"""The only place that assigns `Run.status`.

A change is checked against the table of `core.statuses`, made by compare-and-swap, and
recorded as a RunEvent in the same transaction. A final status stays: later reports are
recorded and change nothing. If a launcher owns the run, only the launcher ends it; of
the reports of the script inside only a failure counts.

The parent of a sweep has no process: it follows the jobs of its children.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from enum import Enum
from functools import cache, partial
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from runs.actions.actor import SERVER, Actor
from runs.actions.run.job_rows import (
    end_job,
    has_started,
    is_sweep,
    lock_run_row,
    may_be_retried,
    open_jobs,
    sweep_of_job,
    withdraw_job,
)
from runs.actions.run.sweep_outcomes import (
    SweepOutcome,
    close_sweep_row,
    find_sweep_outcome,
)
from runs.actions.run_rows import refuse_if_locked, write_properties
from runs.models import Launcher, Run, RunEvent, StatusChange, Sweep, TokenKind
from runs.search.run import find_cancel_request
from runs.storage.prepared import PreparedInsert, PreparedRows, PreparedUpdate
from studio.core import names
from studio.core.batches import batches
from studio.core.errors import IllegalTransition, Immutable
from studio.core.fingerprints import error_kind
from studio.core.statuses import (
    ACTIVE,
    FOLLOWERS,
    RunStatus,
    can_follow,
    can_reopen,
    can_requeue_lost_run,
)

_CURRENT_FIELDS = ("status", "started", "ended", "launcher", "revision")
_current_fields = PreparedRows(
    lambda run: Run.objects.filter(pk=run).values_list(*_CURRENT_FIELDS)
)
_bump_revision = PreparedUpdate(
    lambda run, now: (
        Run.objects.filter(pk=run),
        {"updated": now, "revision": F("revision") + 1},
    )
)
_insert_event = PreparedInsert(RunEvent)
_insert_status_change = PreparedInsert(StatusChange)


# One statement per set of columns. There are only a few such sets.
@cache
def _prepared_status_update(names: tuple[str, ...]) -> PreparedUpdate:
    return PreparedUpdate(
        lambda run, old, *values: (
            Run.objects.filter(pk=run, status=old),
            {**dict(zip(names, values, strict=True)), "revision": F("revision") + 1},
        )
    )


class StatusReporter(Enum):
    """The reporter of a status: the script itself, its launcher, or the server."""

    SCRIPT = "script"
    LAUNCHER = "launcher"
    SERVER = "server"


@transaction.atomic
def change_status(
    run: Run,
    new: RunStatus,
    *,
    actor: Actor,
    now: int,
    message: str = "",
    ended: int | None = None,
    level: str = "info",
    origin: StatusReporter = StatusReporter.SCRIPT,
) -> Run:
    """Change the status of `run` to `new`; raise IllegalTransition.

    The same status again changes nothing. The `message` of a failure becomes the run's
    error. `ended` is a time of the writer's clock; without it a final status ends the
    run now.
    """
    names.check_text(message, "message", limit=names.MAX_ERROR)
    while True:
        old = _read_current_status(run)
        if new is old:
            return run
        new = _status_after_interrupt(run, old, new, origin)
        # Not an error: a script reports its end even if the run was canceled before.
        if old.is_final or _is_left_to_launcher(run, new, origin, actor):
            return _record_ignored_change(
                run, old, message or f"{new} was ignored", actor, now, level
            )
        _check_transition(run, old, new, origin)
        fields = _transition_fields(run, new, now, message, ended)
        # Only the script's own report shows that the script is alive.
        if origin is StatusReporter.SCRIPT:
            fields["heard"] = now
        if _compare_and_swap_status(run, old, new, fields, now):
            _record_event(run, old, new, message, actor, now, level)
            _update_job(run, new, message, now)
            return run


@transaction.atomic
def reopen_run(run: Run, *, actor: Actor, now: int) -> Run:
    """Set a final run to Running again, because MLflow clients resume runs.

    If a launcher owns the run, this is recorded and changes nothing. An active run
    stays as it is. Raises InvalidState for a locked run that has ended.
    """
    # Another request can change the status between the read and the swap: try again.
    while True:
        old = _read_current_status(run)
        if old.is_active:
            return run
        if not can_reopen(old, owned_by_launcher=bool(run.launcher)):
            return _record_ignored_change(
                run, old, "Reopening was ignored", actor, now, "info"
            )
        # Its script could edit it again.
        refuse_if_locked(run)
        fields = {"ended": None, "error": "", "error_kind": None, "heard": now}
        if _compare_and_swap_status(run, old, RunStatus.RUNNING, fields, now):
            _record_event(run, old, RunStatus.RUNNING, "Reopened", actor, now, "info")
            return run


@transaction.atomic
def request_cancel(
    run: Run, *, actor: Actor, now: int, children: bool = False, message: str = ""
) -> Run:
    """Request a cancel of `run`, and with `children` of all active descendants.

    Ended runs stay as they are. A queued run is Canceled at once. The parent of a sweep
    is canceled with its children. `message` is recorded instead of who requested it.
    """
    if _read_current_status(run).is_active:
        _request_cancel(run, actor, now, message)
    if children or _is_sweep(run):
        for descendant in iterate_descendants(run):
            if descendant.state.is_active:
                _request_cancel(descendant, actor, now, message)
    _refresh_own_sweep_after_commit(run, now)
    return run


@transaction.atomic
def force_cancel(run: Run, *, actor: Actor, now: int) -> Run:
    """Set `run` to Canceled without waiting for its process, unless it has ended."""
    old = _read_current_status(run)
    if old.is_final:
        return run
    # Some statuses can't become Canceled directly, but only through CancelRequested.
    if RunStatus.CANCELED not in FOLLOWERS[old] or _is_sweep(run):
        request_cancel(run, actor=actor, now=now)
    message = "Canceled by force"
    return change_status(
        run,
        RunStatus.CANCELED,
        actor=actor,
        now=now,
        message=message,
        level="warning",
        origin=StatusReporter.SERVER,
    )


def iterate_descendants(run: Run) -> Iterator[Run]:
    """Yield all runs below `run`, level by level; each once, even in a broken tree."""
    known, parents = {run.pk}, [run.pk]
    while parents:
        level = [
            child
            for some in batches(parents)
            for child in Run.objects.filter(parent__in=some).order_by("pk")
            if child.pk not in known
        ]
        yield from level
        parents = [child.pk for child in level]
        known.update(parents)


def record_start_event(run: Run, *, actor: Actor, now: int) -> None:
    """Record the first event of a new run: its initial status."""
    event = RunEvent(run=run, time=now, old=None, new=run.status)
    event.actor, event.token = actor.user, actor.token
    _insert_with_status_change(run, event)


def _request_cancel(run: Run, actor: Actor, now: int, message: str = "") -> None:
    # No agent has it, so nothing has to be stopped.
    withdrawn = run.launcher == Launcher.AGENT and withdraw_job(run, now)
    change_status(
        run,
        RunStatus.CANCELED if withdrawn else RunStatus.CANCEL_REQUESTED,
        actor=actor,
        now=now,
        message=message
        or ("Canceled while queued" if withdrawn else "Cancel was requested"),
        origin=StatusReporter.SERVER,
    )


def _update_job(run: Run, new: RunStatus, message: str, now: int) -> None:
    """Let the run's job and its sweep follow the new status."""
    if run.launcher != Launcher.AGENT:
        return
    if new.is_final:
        end_job(run, new, message, now)
    if new.is_final or new is RunStatus.STARTING:
        sweep = sweep_of_job(run)
        if sweep is not None:
            _refresh_sweep_after_commit(sweep, now)


def _is_sweep(run: Run) -> bool:
    return run.launcher == Launcher.AGENT and is_sweep(run)


def _refresh_own_sweep_after_commit(run: Run, now: int) -> None:
    if _is_sweep(run):
        _refresh_sweep_after_commit(run.sweep.pk, now)


def _refresh_sweep_after_commit(sweep: int, now: int) -> None:
    # Later, because this transaction has locked children, and others lock the parent
    # first. If it is lost, the worker does it (`refresh_sweeps`).
    step = partial(refresh_sweep, sweep, now=now)
    # Once, however many children end in the transaction.
    if not any(_is_same_step(entry[1], step) for entry in connection.run_on_commit):
        transaction.on_commit(step)


def _is_same_step(one: Any, other: partial[None]) -> bool:
    is_partial = isinstance(one, partial)
    return is_partial and (one.func, one.args) == (other.func, other.args)


@transaction.atomic
def refresh_sweep(sweep: int, *, now: int) -> None:
    """Let the parent of a sweep follow its children.

    It is Running from its first started child. When all children have ended and no more
    are to come, it ends as `sweep_outcomes` has it, or Canceled if it was canceled.
    """
    rows = Sweep.objects.select_for_update(no_key=True, of=("self",))
    found = rows.select_related("run").filter(pk=sweep).first()
    if found is None:
        return
    run = found.run
    status = _read_current_status(run)
    if status.is_final:
        close_sweep_row(found)
        return
    is_canceled = status is RunStatus.CANCEL_REQUESTED
    is_waiting = status in (RunStatus.NOT_STARTED, RunStatus.QUEUED)
    is_over = is_canceled or found.is_complete
    has_ended = is_over and not open_jobs(found).exists()
    report = partial(
        change_status, run, actor=SERVER, now=now, origin=StatusReporter.SERVER
    )
    if is_waiting and (has_ended or has_started(found)):
        report(RunStatus.RUNNING)
    if has_ended:
        outcome = SweepOutcome(RunStatus.CANCELED)
        if not is_canceled:
            outcome = find_sweep_outcome(found)
        lock_run_row(run)
        for key, value in outcome.properties.items():
            # A script can have written a property of this name. It is kept.
            with suppress(Immutable):
                write_properties(run, {key: value})
        report(outcome.status, message=outcome.message)
        close_sweep_row(found)


def refresh_sweeps(now: int) -> int:
    """Let the parents of all active sweeps follow their children; return how many."""
    active = [status.code for status in ACTIVE]
    keys = list(
        Sweep.objects.filter(run__status__in=active).values_list("pk", flat=True)
    )
    for key in keys:
        refresh_sweep(key, now=now)
    return len(keys)


def _read_current_status(run: Run) -> RunStatus:
    rows = _current_fields.all(run.pk)
    if not rows:
        raise Run.DoesNotExist
    for name, value in zip(_CURRENT_FIELDS, rows[0], strict=True):
        setattr(run, name, value)
    return run.state


def _is_left_to_launcher(
    run: Run, new: RunStatus, origin: StatusReporter, actor: Actor
) -> bool:
    if run.launcher == Launcher.NONE or origin is not StatusReporter.SCRIPT:
        return False
    if new is not RunStatus.FAILED:
        return True
    # The script itself failed, and its agent starts it again.
    is_own_report = actor.token is not None and actor.token.kind == TokenKind.RUN
    return is_own_report and may_be_retried(run)


def _status_after_interrupt(
    run: Run, old: RunStatus, new: RunStatus, origin: StatusReporter
) -> RunStatus:
    """A run that was interrupted ends as Canceled, whatever its script made of it.

    The interrupt can have ended a process that joined the run, before the process that
    reports the end learned of the cancel request.
    """
    is_end = new in (RunStatus.COMPLETED, RunStatus.FAILED)
    if not is_end or old is not RunStatus.CANCEL_REQUESTED:
        return new
    is_script = origin is StatusReporter.SCRIPT
    is_interrupted = is_script and find_cancel_request(run).signals
    return RunStatus.CANCELED if is_interrupted else new


def _check_transition(
    run: Run, old: RunStatus, new: RunStatus, origin: StatusReporter
) -> None:
    requeued = (
        new is RunStatus.QUEUED
        and origin is StatusReporter.LAUNCHER
        and can_requeue_lost_run(old, owned_by_agent=run.launcher == Launcher.AGENT)
    )
    if requeued or can_follow(old, new):
        return
    allowed = sorted(FOLLOWERS[old])
    raise IllegalTransition(
        _("Run %(run_id)s is %(old)s and can't become %(new)s. Allowed: %(words)s")
        % {"run_id": run.run_id, "old": old, "new": new, "words": ", ".join(allowed)},
        status=str(old),
        allowed=[str(status) for status in allowed],
    )


def _transition_fields(
    run: Run, new: RunStatus, now: int, message: str, ended: int | None
) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    # A run that was resumed or queued again keeps its first start.
    if new is RunStatus.RUNNING and run.started is None:
        fields["started"] = now
    if new.is_final:
        fields["ended"] = now if ended is None else names.check_time(ended, "ended")
    if new is RunStatus.FAILED and message:
        fields |= {"error": message, "error_kind": error_kind(message)}
    return fields


def _compare_and_swap_status(
    run: Run, old: RunStatus, new: RunStatus, fields: dict[str, Any], now: int
) -> bool:
    fields = {**fields, "status": new.code, "updated": now}
    if not _prepared_status_update(tuple(fields))(run.pk, old.code, *fields.values()):
        return False
    for name, value in fields.items():
        setattr(run, name, value)
    run.revision += 1
    return True


def record_event_without_change(
    run: Run,
    status: RunStatus,
    message: str,
    actor: Actor,
    now: int,
    *,
    level: str = "info",
    time: int | None = None,
) -> None:
    """Record an event that leaves the status as it is, such as a step of a cancel.

    `time` is when it happened, if not now.
    """
    at = now if time is None else time
    _record_event(run, status, status, message, actor, at, level)
    # Open pages show the event when the revision changes.
    _bump_revision(run.pk, now)
    run.updated = now
    run.revision += 1


def _record_event(
    run: Run,
    old: RunStatus,
    new: RunStatus,
    message: str,
    actor: Actor,
    now: int,
    level: str,
) -> None:
    event = RunEvent(run=run, time=now, old=old.code, new=new.code)
    event.level, event.message = level, message
    event.actor, event.token = actor.user, actor.token
    if old is new:
        _insert_event([event])
    else:
        _insert_with_status_change(run, event)


def _insert_with_status_change(run: Run, event: RunEvent) -> None:
    """Insert an event that the worker notifies of (`runs.actions.notify`)."""
    inserted = _insert_event.insert_one(event)
    change = StatusChange(event_id=inserted.pk, workspace_id=run.workspace_id)
    _insert_status_change([change])


def _record_ignored_change(
    run: Run, status: RunStatus, message: str, actor: Actor, now: int, level: str
) -> Run:
    record_event_without_change(run, status, message, actor, now, level=level)
    return run
