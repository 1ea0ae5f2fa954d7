"""Create, delete, restore and archive runs."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from runs.actions.actor import Actor
from runs.actions.changes import Edit, record_changes
from runs.actions.experiments import experiment_in_trash_message
from runs.actions.run.definitions import write_definition
from runs.actions.run.lifecycle import record_start_event
from runs.actions.run.parents import adopt_waiting_children, link_parent, lock_tree
from runs.actions.run.run_names import generate_run_name
from runs.actions.run.token_trees import parent_for_actor
from runs.actions.run_rows import (
    begin_edit,
    begin_member_edit,
    bump_revision,
    check_tags,
    refuse_if_run_registered,
    write_first_tags,
    write_params,
    write_properties,
    write_search_text,
)
from runs.models import (
    Experiment,
    Launcher,
    Run,
    holds_min_or_max_of_root,
    rebuild_root_metrics,
)
from runs.storage.prepared import PreparedInsert, PreparedRows, PreparedUpdate
from studio.core import names
from studio.core.errors import AlreadyExists, InvalidState
from studio.core.git import shown_values, without_credentials
from studio.core.statuses import RunStatus

_take_number = PreparedUpdate(
    lambda experiment: (
        Experiment.objects.filter(pk=experiment, deleted__isnull=True),
        {"last_run_number": F("last_run_number") + 1},
    )
)
_last_number = PreparedRows(
    lambda experiment: Experiment.objects.filter(pk=experiment).values_list(
        "last_run_number"
    )
)
_runs_with_id = PreparedRows(
    lambda workspace, run_id: Run.objects.filter(
        workspace_id=workspace, run_id=run_id
    ).values_list("pk")
)
_insert_run = PreparedInsert(Run)


@transaction.atomic
def create_run(
    experiment: Experiment,
    *,
    actor: Actor,
    now: int,
    run_id: str | None = None,
    name: str | None = None,
    status: RunStatus = RunStatus.RUNNING,
    started: int | None = None,
    parent_run_id: str = "",
    tags: Mapping[str, str | None] | None = None,
    params: Mapping[str, str] | None = None,
    properties: Mapping[str, str] | None = None,
    description: str = "",
    script: str = "",
    type: str = "",
    target: str = "",
    heartbeats: bool = False,
    launcher: Launcher = Launcher.NONE,
    definition: Mapping[str, Any] | None = None,
) -> Run:
    """Create a run; raise AlreadyExists if the workspace has a run with this id.

    Without an id or name they are generated. The parent can be unknown yet. A
    `definition` says what a submitted run executes.
    """
    parent_run_id = parent_for_actor(actor, experiment.workspace_id, parent_run_id)
    run = Run(
        workspace_id=experiment.workspace_id,
        experiment=experiment,
        run_id=uuid.uuid4().hex if run_id is None else names.check_run_id(run_id),
        name=names.check_display_name(name) if name else generate_run_name(),
        description=names.check_description(description),
        status=status.code,
        submitter=actor.user,
        **_checked_texts(script=without_credentials(script), type=type, target=target),
        **dict.fromkeys(("created", "updated", "heard"), now),
        heartbeats=heartbeats,
        launcher=launcher,
    )
    _set_start_and_end(run, status, started, now)
    # Before `_next_number` locks the experiment's row: this lock comes before rows.
    lock_tree(run.workspace_id, shared=not parent_run_id)
    run.number = _next_number(experiment)
    link_parent(run, parent_run_id)
    _insert_new_run(run, is_id_generated=run_id is None)
    record_start_event(run, actor=actor, now=now)
    properties = {**write_definition(run, definition), **(properties or {})}
    _write_params_properties_and_tags(run, params or {}, properties, tags or {})
    return run


@transaction.atomic
def set_run_parent(run: Run, parent_run_id: str, *, actor: Actor, now: int) -> Run:
    """Set the parent of `run`, once; raise Immutable if it has another parent."""
    parent_run_id = parent_for_actor(actor, run.workspace_id, parent_run_id)
    lock_tree(run.workspace_id)
    begin_edit(run, actor, now)
    run.refresh_from_db(fields=["parent_run_id", "parent", "root"])
    if run.parent_run_id == parent_run_id:
        return run
    link_parent(run, parent_run_id)
    run.save(update_fields=["parent_run_id", "parent", "root"])
    adopt_waiting_children(run)
    rebuild_root_metrics([run.pk, run.root_id])
    edits = [Edit("parent", None, parent_run_id, run)]
    record_changes(run.workspace, "set parent", edits, actor=actor, now=now)
    return run


@transaction.atomic
def trash_run(run: Run, *, actor: Actor, now: int) -> Run:
    """Move a run to the trash; its children stay. Raise InvalidState if locked."""
    return _set_archived_or_deleted(run, "deleted", True, "trash run", actor, now)


@transaction.atomic
def restore_run(run: Run, *, actor: Actor, now: int) -> Run:
    """Take a run out of the trash."""
    return _set_archived_or_deleted(run, "deleted", False, "restore run", actor, now)


@transaction.atomic
def archive_run(run: Run, on: bool, *, actor: Actor, now: int) -> Run:
    """Archive a run (hide it from the usual lists), or unarchive it."""
    action = "archive run" if on else "unarchive run"
    return _set_archived_or_deleted(run, "archived", on, action, actor, now)


def _set_archived_or_deleted(
    run: Run, field: str, wanted: bool, action: str, actor: Actor, now: int
) -> Run:
    if field == "deleted" and not wanted:
        # A locked run that is in the trash can be restored.
        bump_revision(run, now)
    else:
        begin_member_edit(run, now)
    edits = write_run_flag(run, field, wanted, now)
    record_changes(run.workspace, action, edits, actor=actor, now=now)
    return run


def write_run_flag(run: Run, field: str, wanted: bool, now: int) -> list[Edit]:
    """Set a flag, stored as the time since when, or clear it; return the edits.

    Called in a transaction that locked the run's row. Raises InvalidState if a run
    would be deleted that a registered version points to.
    """
    run.refresh_from_db(fields=[field])
    was = getattr(run, field) is not None
    if was == wanted:
        return []
    if field == "deleted" and wanted:
        refuse_if_run_registered(run)
    since = now if wanted else None
    setattr(run, field, since)
    Run.objects.filter(pk=run.pk).update(**{field: since})
    # Rebuilding reads the whole tree, so it is left out if no bound can change.
    if (
        field == "deleted"
        and run.root_id
        and (not wanted or holds_min_or_max_of_root(run.pk))
    ):
        rebuild_root_metrics([run.root_id])
    return [Edit(field, was, wanted, run)]


def _write_params_properties_and_tags(
    run: Run,
    params: Mapping[str, str],
    properties: Mapping[str, str],
    unchecked_tags: Mapping[str, str | None],
) -> None:
    """Write texts in the order of `log_batch`, so transactions cannot deadlock on new
    keys.
    """
    tags = shown_values(check_tags(unchecked_tags))
    write_params(run, params)
    write_properties(run, properties)
    write_first_tags(run, tags)
    write_search_text(run, tags)


def _checked_texts(**texts: str) -> dict[str, str]:
    limits = {"script": 2000}
    return {
        field: names.check_text(text, field, limit=limits.get(field, 100))
        for field, text in texts.items()
    }


def _set_start_and_end(
    run: Run, status: RunStatus, started: int | None, now: int
) -> None:
    if started is not None:
        run.started = names.check_time(started, "started")
    elif status is RunStatus.RUNNING:
        run.started = now
    if status.is_final:
        run.ended = now


def _next_number(experiment: Experiment) -> int:
    # The UPDATE locks the row, so two runs created at once get different numbers.
    if not _take_number(experiment.pk):
        raise InvalidState(
            experiment_in_trash_message(experiment.name),
            experiment=experiment.name,
        )
    [[number]] = _last_number.all(experiment.pk)
    return int(number)


def _insert_new_run(run: Run, *, is_id_generated: bool) -> None:
    if is_id_generated:
        # No other run has it.
        _insert_run.insert_one(run)
    else:
        _insert_unless_used(run)
    adopt_waiting_children(run)


def _insert_unless_used(run: Run) -> None:
    used = AlreadyExists(
        _("The run %(run_id)r already exists.") % {"run_id": run.run_id},
        run_id=run.run_id,
    )
    if _runs_with_id.all(run.workspace_id, run.run_id):
        raise used
    try:
        with transaction.atomic():
            _insert_run.insert_one(run)
    except IntegrityError as error:
        # Created at the same time in another experiment, or the workspace was deleted.
        raise used from error
