"""The lock of a run: it is read-only until an owner, or who locked it, unlocks it.

This module has the whole rule. Actions that write to a run begin with one of
`begin_edit` (name, description, tags, properties, files), `begin_member_edit` (archive,
trash, move) and `record_heartbeat` (logging). They bump its revision, lock its row, and
raise InvalidState if a lock forbids the write. Bulk changes skip locked runs.

The run's own script is not stopped by a lock: it logs and edits until the run ends, and
can still deliver afterwards what was logged before. Statuses and stars can change, and
runs in the trash can be restored.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from runs.actions.actor import Actor
from runs.actions.changes import Edit, record_changes
from runs.actions.run_rows.revisions import (
    bump_revision,
    bump_revision_if_unlocked,
    lock_experiment_row,
    record_heartbeat_if_unlocked,
)
from runs.models import Experiment, LoggedModel, Run, RunEvent, TokenKind, User
from studio.core.errors import InvalidState, PermissionDenied


@transaction.atomic
def lock_run(run: Run, *, actor: Actor, now: int) -> Run:
    """Lock a run. Raises InvalidState if it or its experiment is in the trash.

    A locked run stays as it is, with the name of the member who locked it.
    """
    experiment = lock_experiment_row(run.experiment_id)
    bump_revision(run, now)
    run.refresh_from_db(fields=["locked", "locked_by", "locked_since", "deleted"])
    if run.locked:
        return run
    if run.deleted is not None:
        raise InvalidState(
            _("Run %(run_id)s is in the trash. Restore it before you lock it.")
            % {"run_id": run.run_id},
            run_id=run.run_id,
        )
    if experiment.deleted is not None:
        raise InvalidState(
            _(
                "The experiment %(name)r of run %(run_id)s is in the "
                "trash. Restore it before you lock the run."
            )
            % {"name": experiment.name, "run_id": run.run_id},
            run_id=run.run_id,
        )
    edits = write_locks_of_runs([run], True, actor, now)
    record_changes(run.workspace, "lock run", edits, actor=actor, now=now)
    return run


@transaction.atomic
def unlock_run(run: Run, *, actor: Actor, now: int, is_owner: bool) -> Run:
    """Unlock a run. Raises PermissionDenied unless an owner, or who locked it, does."""
    lock_experiment_row(run.experiment_id)
    bump_revision(run, now)
    run.refresh_from_db(fields=["locked", "locked_by", "locked_since"])
    if not run.locked:
        return run
    if not can_unlock(run, actor.user, is_owner=is_owner):
        raise PermissionDenied(_locked_text(run), run_id=run.run_id)
    edits = write_locks_of_runs([run], False, actor, now)
    record_changes(run.workspace, "unlock run", edits, actor=actor, now=now)
    return run


def can_unlock(run: Run, user: User | None, *, is_owner: bool) -> bool:
    return is_owner or (user is not None and run.locked_by_id == user.pk)


def write_locks_of_runs(
    runs: list[Run], on: bool, actor: Actor, now: int
) -> list[Edit]:
    """Lock or unlock runs whose rows the caller has locked; return the edits."""
    by, since = (actor.user, now) if on else (None, None)
    rows = Run.objects.filter(pk__in=[run.pk for run in runs])
    rows.update(locked=on, locked_by=by, locked_since=since)
    for run in runs:
        run.locked, run.locked_by, run.locked_since = on, by, since
    return [Edit("locked", not on, on, run) for run in runs]


def begin_edit(run: Run, actor: Actor, now: int) -> None:
    """Begin an edit that members and the run's own script can do.

    Raises InvalidState if the run is locked, unless its own script edits it before it
    has ended.
    """
    if bump_revision_if_unlocked(run, now):
        return
    bump_revision(run, now)
    refuse_edit_if_locked(run, actor)


def begin_member_edit(run: Run, now: int) -> None:
    """Begin an edit that a lock forbids everyone. Raises InvalidState."""
    if not bump_revision_if_unlocked(run, now):
        bump_revision(run, now)
        refuse_if_locked(run)


def record_heartbeat(run: Run, actor: Actor, now: int) -> bool:
    """Begin a write of the run's own script, which shows that it is alive.

    Returns whether the run is locked. Raises InvalidState if it is, and another writer
    logs to it.
    """
    if record_heartbeat_if_unlocked(run, now):
        return False
    bump_revision(run, now)
    stored = _read_lock(run)
    if stored is not None and not is_own_script(run, actor):
        raise _locked_error(stored)
    Run.objects.filter(pk=run.pk).update(heard=now)
    run.heard = now
    return stored is not None


def refuse_edit_if_locked(run: Run, actor: Actor) -> None:
    """Raise the error of `begin_edit`; the caller has locked the run's row."""
    stored = _read_lock(run)
    if stored is None:
        return
    if stored.state.is_final or not is_own_script(run, actor):
        raise _locked_error(stored)


def refuse_if_locked(run: Run) -> None:
    """Raise InvalidState if the run is locked; the caller has locked its row."""
    stored = _read_lock(run)
    if stored is not None:
        raise _locked_error(stored)


def is_own_script(run: Run, actor: Actor) -> bool:
    """Return whether `actor` writes for the run's own script or its launcher.

    That is the server itself, an agent, the token of a run, or the token that created
    the run. Access rules limit tokens of agents and runs to their own runs.
    """
    if actor.token is None:
        return actor.user is None
    if actor.token.kind != TokenKind.ORDINARY:
        return True
    events = RunEvent.objects.filter(run=run).order_by("pk")
    return events.values_list("token_id", flat=True).first() == actor.token.pk


def refuse_if_source_locked(model: LoggedModel, actor: Actor | None = None) -> None:
    """Raise InvalidState if a locked run wrote the model; this locks the run's row.

    The run's own script, if it is the `actor`, can still write.
    """
    if model.source_run_id is None:
        return
    rows = Run.objects.select_for_update(no_key=True, of=("self",))
    source = rows.filter(pk=model.source_run_id).first()
    if source is None:
        # It was purged since the model was read.
        return
    if actor is None or not source.locked:
        refuse_if_locked(source)
    elif not is_own_script(source, actor):
        raise _locked_error(source)


def refuse_if_any_run_locked(experiment: Experiment) -> None:
    """Raise InvalidState if the experiment has a locked run, or a model of one.

    This locks the experiment's row.
    """
    lock_experiment_row(experiment.pk)
    inside = find_locked_runs_of([experiment])
    if inside:
        raise InvalidState(
            _(
                "The experiment %(name)s has locked runs, or models of such runs, for "
                "example %(id)s. Unlock them first."
            )
            % {"name": experiment.name, "id": inside[experiment.pk]},
            run_id=inside[experiment.pk],
        )


def find_locked_runs_of(experiments: Sequence[Experiment]) -> dict[int, str]:
    """Return a locked run of each experiment that has some, or models of such runs."""
    keys = {each.pk for each in experiments}
    # Few runs are locked, and an index has them, whatever the experiments' size.
    workspaces = {each.workspace_id for each in experiments}
    locked = Run.objects.filter(workspace__in=workspaces, locked=True)
    known = locked.values_list("experiment", "run_id").order_by("pk")
    found = {place: run_id for place, run_id in known if place in keys}
    models = models_of_locked_runs().filter(experiment__in=keys)
    for place, run_id in models.values_list("experiment", "source_run__run_id"):
        found.setdefault(place, run_id)
    return found


def models_of_locked_runs() -> QuerySet[LoggedModel]:
    """Return the models that locked runs wrote, in all experiments."""
    return LoggedModel.objects.filter(deleted__isnull=True, source_run__locked=True)


def _read_lock(run: Run) -> Run | None:
    """Return the run as it is stored, with who locked it; None if it is not locked."""
    rows = Run.objects.filter(pk=run.pk, locked=True).select_related("locked_by")
    return rows.only("run_id", "status", "locked", "locked_by__username").first()


def _locked_error(run: Run) -> InvalidState:
    return InvalidState(
        _locked_text(run),
        run_id=run.run_id,
        locked_by=run.locked_by.username if run.locked_by else None,
    )


def _locked_text(run: Run) -> str:
    if run.locked_by is None:
        text = _("Run %(id)s is locked. A workspace owner can unlock it.")
        return text % {"id": run.run_id}
    return _(
        "Run %(id)s is locked by %(name)s. %(name)s or a workspace owner can unlock it."
    ) % {"id": run.run_id, "name": run.locked_by.username}
