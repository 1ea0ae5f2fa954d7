"""Create, rename, describe, tag, star, archive and delete experiments."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from runs.actions.actor import Actor
from runs.actions.changes import Edit, check_version, record_changes
from runs.actions.run_rows import (
    check_tags,
    lock_experiment_row,
    refuse_if_any_run_locked,
    refuse_if_experiment_registered,
)
from runs.models import (
    Experiment,
    ExperimentStar,
    ExperimentTag,
    FormerExperimentName,
    User,
    Workspace,
)
from studio.core import names
from studio.core.errors import AlreadyExists, InvalidState

DEFAULT_NAME = "Default"


def experiment_in_trash_message(name: str) -> str:
    """Say what to do about the experiment of this name, which is in the trash."""
    return _(
        "The experiment %(name)r is in the trash: restore it, or use another name."
    ) % {"name": name}


@transaction.atomic
def create_experiment(
    workspace: Workspace,
    name: str,
    *,
    actor: Actor,
    now: int,
    tags: Mapping[str, str | None] | None = None,
    artifact_location: str = "",
    description: str = "",
) -> Experiment:
    """Create an experiment; raise AlreadyExists for a used name, in the trash too."""
    names.check_experiment_name(name)
    names.check_description(description)
    names.check_text(artifact_location, "artifact_location", limit=2000)
    check_tags(tags or {})
    # The lock also reserves the number: two experiments created at once get different
    # ones.
    locked = lock_experiment_names(workspace)
    refuse_used_experiment_name(workspace, name)
    experiment = _insert_experiment(
        workspace,
        name,
        _next_number(locked, name),
        actor,
        now,
        artifact_location=artifact_location,
        description=description,
    )
    ExperimentTag.objects.bulk_create(
        ExperimentTag(experiment=experiment, key=key, value=value)
        for key, value in (tags or {}).items()
    )
    return experiment


@transaction.atomic
def ensure_default(workspace: Workspace, *, actor: Actor, now: int) -> Experiment:
    """Return the experiment with number 0, *Default*; create it if needed."""
    lock_experiment_names(workspace)
    known = Experiment.objects.filter(workspace=workspace, number=0).first()
    return known or _insert_experiment(workspace, DEFAULT_NAME, 0, actor, now)


@transaction.atomic
def rename_experiment(
    experiment: Experiment,
    name: str,
    *,
    actor: Actor,
    now: int,
    seen_version: str | None = None,
) -> Experiment:
    """Rename an experiment; raise AlreadyExists, or InvalidState if it is deleted.

    `seen_version` is the `version_token` of the replaced name; raises Conflict if it
    has changed. Pages at addresses with the old name redirect to the new one.
    """
    names.check_experiment_name(name)
    lock_experiment_names(experiment.workspace)
    # Under the lock: another request may have renamed or deleted it since it was read.
    experiment.refresh_from_db(fields=["name", "deleted"])
    if experiment.deleted is not None:
        raise InvalidState(
            _("The experiment %(name)r is in the trash. Restore it first.")
            % {"name": experiment.name},
            experiment=experiment.name,
        )
    check_version(seen_version, experiment.name, name, "name")
    if name == experiment.name:
        return experiment
    refuse_used_experiment_name(experiment.workspace, name)
    remember_experiment_name(experiment)
    return _write_text_field(experiment, "rename experiment", "name", name, actor, now)


@transaction.atomic
def describe_experiment(
    experiment: Experiment,
    text: str,
    *,
    actor: Actor,
    now: int,
    seen_version: str | None = None,
) -> Experiment:
    """Set the Markdown description; an empty text removes it.

    `seen_version` is the `version_token` of the text that the editor saw; raises
    Conflict if it has changed.
    """
    names.check_description(text)
    lock_experiment_row(experiment.pk)
    experiment.refresh_from_db(fields=["description"])
    check_version(seen_version, experiment.description, text, "description")
    return _write_text_field(
        experiment, "describe experiment", "description", text, actor, now
    )


@transaction.atomic
def delete_experiment(experiment: Experiment, *, actor: Actor, now: int) -> Experiment:
    """Move an experiment and all its runs to the trash.

    Raises InvalidState for *Default*, if a run is locked, and if a
    registered version points to a run or model.
    """
    if experiment.number == 0:
        raise InvalidState(
            _("The experiment Default can't be deleted."), experiment="0"
        )
    refuse_if_any_run_locked(experiment)
    refuse_if_experiment_registered(experiment)
    return _set_archived_or_deleted(
        experiment, "deleted", True, "delete experiment", actor, now
    )


@transaction.atomic
def restore_experiment(experiment: Experiment, *, actor: Actor, now: int) -> Experiment:
    """Restore an experiment; runs that were deleted one by one stay in the trash."""
    return _set_archived_or_deleted(
        experiment, "deleted", False, "restore experiment", actor, now
    )


@transaction.atomic
def archive_experiment(
    experiment: Experiment, on: bool, *, actor: Actor, now: int
) -> Experiment:
    """Archive an experiment (hide it from the usual list), or unarchive it."""
    action = "archive experiment" if on else "unarchive experiment"
    return _set_archived_or_deleted(experiment, "archived", on, action, actor, now)


@transaction.atomic
def star_experiment(
    experiment: Experiment, user: User, on: bool, *, actor: Actor, now: int
) -> None:
    """Star or unstar an experiment for one user."""
    stars = ExperimentStar.objects.filter(experiment=experiment, user=user)
    if on:
        _, changed = ExperimentStar.objects.get_or_create(
            experiment=experiment, user=user
        )
    else:
        changed = stars.delete()[0] > 0
    edits = [Edit("starred", on != changed, on, experiment=experiment)]
    record_changes(
        experiment.workspace,
        "star experiment" if on else "unstar experiment",
        edits,
        actor=actor,
        now=now,
    )


@transaction.atomic
def set_experiment_tag(
    experiment: Experiment, key: str, value: str | None, *, actor: Actor, now: int
) -> None:
    """Set one tag; None is a tag without a value."""
    edit_experiment_tags(experiment, {key: value}, (), actor=actor, now=now)


@transaction.atomic
def delete_experiment_tag(
    experiment: Experiment, key: str, *, actor: Actor, now: int
) -> bool:
    """Remove one tag; return whether it existed."""
    return edit_experiment_tags(experiment, {}, [key], actor=actor, now=now) > 0


@transaction.atomic
def change_experiment_tag(
    experiment: Experiment,
    key: str,
    value: str | None,
    *,
    seen_version: str,
    actor: Actor,
    now: int,
) -> None:
    """Change a tag; `seen_version` is the `version_token` of the replaced value.

    Raises Conflict if it has changed or is gone.
    """
    check_tags({key: value})
    lock_experiment_row(experiment.pk)
    rows = ExperimentTag.objects.filter(experiment=experiment, key=key)
    # A form shows a tag without a value as an empty text.
    texts = [text or "" for text in rows.values_list("value", flat=True)]
    check_version(seen_version, texts[0] if texts else None, value or "", f"tags.{key}")
    if texts != [value or ""]:
        edit_experiment_tags(experiment, {key: value}, (), actor=actor, now=now)


@transaction.atomic
def edit_experiment_tags(
    experiment: Experiment,
    tags: Mapping[str, str | None],
    removed: Collection[str],
    *,
    actor: Actor,
    now: int,
) -> int:
    """Set `tags` and remove the keys `removed`; return how many were removed."""
    check_tags(tags)
    names.check_count(len(removed), "remove")
    for key in removed:
        names.check_key(key, "remove")
    lock_experiment_row(experiment.pk)
    rows = ExperimentTag.objects.filter(experiment=experiment)
    before = dict(rows.filter(key__in=[*tags, *removed]).values_list("key", "value"))
    for key, value in tags.items():
        rows.update_or_create(experiment=experiment, key=key, defaults={"value": value})
    # A key that is set and removed in one call stays set.
    deleted_keys = [key for key in removed if key in before and key not in tags]
    rows.filter(key__in=deleted_keys).delete()
    after = {key: {"value": value} for key, value in tags.items()}
    edits = [
        Edit(
            f"tags.{key}",
            {"value": before[key]} if key in before else None,
            after.get(key),
            experiment=experiment,
        )
        for key in [*tags, *deleted_keys]
    ]
    record_changes(experiment.workspace, "tag experiment", edits, actor=actor, now=now)
    return len(deleted_keys)


def lock_experiment_names(workspace: Workspace) -> Workspace:
    """Lock the workspace's names and numbers of experiments.

    Rows that refer to the workspace can still be created.
    """
    return Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)


def _next_number(workspace: Workspace, name: str) -> int:
    rows = Experiment.objects.filter(workspace=workspace)
    highest = rows.aggregate(n=Max("number"))["n"]
    # Number 0 is reserved for *Default*, MLflow's experiment of scripts that name none.
    if highest is None and name == DEFAULT_NAME:
        return 0
    # Purged numbers are skipped, because old scripts and file addresses may still name
    # them.
    return max(highest or 0, workspace.last_purged_experiment) + 1


def refuse_used_experiment_name(workspace: Workspace, name: str) -> None:
    known = Experiment.objects.filter(workspace=workspace, name=name).first()
    if known is not None:
        text = _("The experiment %(name)r already exists.") % {"name": name}
        if known.deleted is not None:
            text = experiment_in_trash_message(name)
        raise AlreadyExists(
            text,
            experiment=known.name,
            experiment_id=str(known.number),
            deleted=known.deleted is not None,
        )


def remember_experiment_name(experiment: Experiment) -> None:
    """Let addresses with the current name lead here after the name has changed."""
    # A name that two experiments had leads to the one that had it last.
    FormerExperimentName.objects.update_or_create(
        workspace_id=experiment.workspace_id,
        name=experiment.name,
        defaults={"experiment": experiment},
    )


def _insert_experiment(
    workspace: Workspace,
    name: str,
    number: int,
    actor: Actor,
    now: int,
    **fields: Any,
) -> Experiment:
    return Experiment.objects.create(
        workspace=workspace,
        name=name,
        number=number,
        created_by=actor.user,
        created=now,
        updated=now,
        **fields,
    )


def _set_archived_or_deleted(
    experiment: Experiment,
    field: str,
    wanted: bool,
    action: str,
    actor: Actor,
    now: int,
) -> Experiment:
    lock_experiment_row(experiment.pk)
    experiment.refresh_from_db(fields=[field])
    was = getattr(experiment, field) is not None
    if was == wanted:
        return experiment
    # A time, not a switch: the trash is emptied 30 days after it.
    setattr(experiment, field, now if wanted else None)
    experiment.updated = now
    experiment.save(update_fields=[field, "updated"])
    edits = [Edit(field, was, wanted, experiment=experiment)]
    record_changes(experiment.workspace, action, edits, actor=actor, now=now)
    return experiment


def _write_text_field(
    experiment: Experiment, action: str, field: str, value: str, actor: Actor, now: int
) -> Experiment:
    before = getattr(experiment, field)
    setattr(experiment, field, value)
    experiment.updated = now
    experiment.save(update_fields=[field, "updated"])
    edits = [Edit(field, before, value, experiment=experiment)]
    record_changes(experiment.workspace, action, edits, actor=actor, now=now)
    return experiment
