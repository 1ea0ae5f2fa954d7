"""Register, describe, tag, stage and delete versions of registered models."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import Q, Sum
from django.utils.translation import gettext as _

from runs.actions.actor import Actor
from runs.actions.changes import Edit, check_version, record_changes
from runs.actions.files import current_files
from runs.actions.ingest import set_model_tags
from runs.actions.registry.models import create_model
from runs.actions.registry.rows import (
    Tags,
    check_properties,
    check_tags,
    count_versions,
    insert_tags,
    lock_model,
    lock_version,
    mark_updated,
    name_aliases,
    write_tag,
)
from runs.actions.run_rows import lock_experiment_row
from runs.models import (
    LoggedModel,
    ModelAlias,
    ModelStage,
    ModelVersion,
    RegisteredModel,
    Run,
    Workspace,
    in_folder,
    path_key,
)
from runs.search.registry import (
    VersionSource,
    find_model,
    refuse_deleted_source,
    resolve_source,
)
from studio.core import names
from studio.core.errors import AlreadyExists, InvalidState, InvalidValue

#: MLflow's tag of a logged model, which names the versions that point to it.
VERSIONS_TAG = "mlflow.modelVersions"


@dataclass(frozen=True)
class VersionDetails:
    """What a client says of a new version. `properties` never change later."""

    description: str = ""
    tags: Tags = field(default_factory=dict)
    run_link: str = ""
    framework: str = ""
    framework_version: str = ""
    properties: Tags = field(default_factory=dict)


_NO_DETAILS = VersionDetails()


@transaction.atomic
def register_version(
    workspace: Workspace,
    name: str,
    source: str,
    details: VersionDetails = _NO_DETAILS,
    *,
    actor: Actor,
    now: int,
    run_id: str = "",
    model_id: str = "",
    host: str = "",
    request_id: str = "",
    create: bool = False,
) -> ModelVersion:
    """Register what `source` names as the next version of the model `name`.

    `create` creates the model if needed. A repeated request with the same `request_id`
    returns the version of the first. See `resolve_source` for what is refused.
    """
    _check_details(details)
    names.check_text(request_id, "request_id", limit=64)
    found = resolve_source(
        workspace, source, run_id=run_id, model_id=model_id, host=host
    )
    # Before the model's row: all actions lock experiment, run, logged model, model.
    _lock_source(found)
    model = _find_or_create(workspace, name, create, actor, now)
    lock_model(model)
    repeated = ModelVersion.objects.filter(model=model, request_id=request_id).first()
    if request_id and repeated is not None:
        repeated.model = model
        return repeated
    version = _insert_version(model, found, details, request_id, actor, now)
    if version.logged_model is not None:
        _name_in_logged_model(version.logged_model, version, now)
    edit = Edit(f"versions.{version.number}", None, _shown(version))
    _record(version, "register version", [edit], actor, now)
    return version


@transaction.atomic
def update_version(
    version: ModelVersion,
    description: str,
    *,
    actor: Actor,
    now: int,
    seen_version: str | None = None,
) -> ModelVersion:
    """Set the version's Markdown description; an empty text removes it."""
    names.check_description(description)
    lock_version(version)
    before = version.description
    check_version(seen_version, before, description, "description")
    version.description, version.updated = description, now
    version.save(update_fields=["description", "updated"])
    name = f"versions.{version.number}.description"
    edits = [Edit(name, before, description)]
    _record(version, "describe version", edits, actor, now)
    return version


@transaction.atomic
def delete_version(version: ModelVersion, *, actor: Actor, now: int) -> None:
    """Delete a version; its files stay, and its number is not used again.

    Raises InvalidState if an alias points to it.
    """
    lock_version(version)
    aliases = list(ModelAlias.objects.filter(version=version).order_by("name"))
    if aliases:
        raise InvalidState(
            _(
                "Version %(version)s of %(name)r can't be deleted, because it has "
                "aliases: %(aliases)s. Move or remove them first."
            )
            % {
                "version": version.number,
                "name": version.model.name,
                "aliases": name_aliases(aliases),
            },
            name=version.model.name,
            version=version.number,
            aliases=[alias.name for alias in aliases],
        )
    edit = Edit(f"versions.{version.number}", _shown(version), None)
    ModelVersion.objects.filter(pk=version.pk).delete()
    count_versions(version.model)
    mark_updated(version.model, now)
    _record(version, "delete version", [edit], actor, now)


@transaction.atomic
def set_stage(
    version: ModelVersion,
    stage: ModelStage,
    *,
    actor: Actor,
    now: int,
    archive_existing: bool = False,
) -> ModelVersion:
    """Set a version's stage; `archive_existing` archives the others of that stage.

    Raises InvalidValue for archiving others where `stage` is not Staging or Production.
    """
    if archive_existing and stage not in (ModelStage.STAGING, ModelStage.PRODUCTION):
        raise InvalidValue(
            _(
                "Only the stages Staging and Production can archive the existing "
                "versions, not %(stage)s."
            )
            % {"stage": stage.value},
            field="archive_existing_versions",
        )
    lock_version(version)
    moved = [(version, stage)]
    if archive_existing:
        others = ModelVersion.objects.filter(model=version.model, stage=stage)
        moved += [(one, ModelStage.ARCHIVED) for one in others.exclude(pk=version.pk)]
    edits = []
    for one, wanted in moved:
        edits.append(Edit(f"versions.{one.number}.stage", one.stage, wanted.value))
        one.stage, one.updated = wanted.value, now
        one.save(update_fields=["stage", "updated"])
    mark_updated(version.model, now)
    _record(version, "set stage", edits, actor, now)
    return version


@transaction.atomic
def set_version_tag(
    version: ModelVersion, key: str, value: str, *, actor: Actor, now: int
) -> None:
    """Set one tag of a version."""
    check_tags({key: value})
    _change_tag(version, key, value, actor, now)


@transaction.atomic
def delete_version_tag(
    version: ModelVersion, key: str, *, actor: Actor, now: int
) -> bool:
    """Remove one tag of a version; return whether it existed."""
    names.check_key(key, "key")
    return _change_tag(version, key, None, actor, now) is not None


def _change_tag(
    version: ModelVersion, key: str, value: str | None, actor: Actor, now: int
) -> dict[str, str] | None:
    lock_version(version)
    before = write_tag(version, key, value)
    after = None if value is None else {"value": value}
    edits = [Edit(f"versions.{version.number}.tags.{key}", before, after)]
    _record(version, "tag version", edits, actor, now)
    return before


def _find_or_create(
    workspace: Workspace, name: str, create: bool, actor: Actor, now: int
) -> RegisteredModel:
    if create and not RegisteredModel.objects.filter(
        workspace=workspace, name=names.check_registered_model_name(name)
    ):
        try:
            return create_model(workspace, name, actor=actor, now=now)
        except AlreadyExists:
            # Another request created it in the meantime.
            pass
    return find_model(workspace, name)


def _lock_source(source: VersionSource) -> None:
    """Lock what the source names, so that it is not deleted in the meantime."""
    runs = {run.pk: run for run in (source.files_run, source.run) if run is not None}
    model = source.logged_model
    experiments = {run.experiment_id for run in runs.values()}
    if model is not None:
        experiments.add(model.experiment_id)
    for key in sorted(experiments):
        lock_experiment_row(key)
    locked = Run.objects.select_for_update(no_key=True, of=("self",))
    list(locked.filter(pk__in=runs).order_by("pk").values_list("pk"))
    if model is not None:
        rows = LoggedModel.objects.select_for_update(no_key=True, of=("self",))
        list(rows.filter(pk=model.pk).values_list("pk"))
    refuse_deleted_source(source)


def _insert_version(
    model: RegisteredModel,
    source: VersionSource,
    details: VersionDetails,
    request_id: str,
    actor: Actor,
    now: int,
) -> ModelVersion:
    model.last_version += 1
    model.updated = now
    model.save(update_fields=["last_version", "updated"])
    version = ModelVersion.objects.create(
        model=model,
        number=model.last_version,
        source=source.text,
        logged_model=source.logged_model,
        files_run=source.files_run,
        run=source.run,
        path=source.path,
        size=_size_of(source),
        description=details.description,
        run_link=details.run_link,
        framework=details.framework,
        framework_version=details.framework_version,
        properties=dict(details.properties),
        request_id=request_id,
        created=now,
        updated=now,
        created_by=actor.user,
    )
    insert_tags(version, details.tags)
    count_versions(model)
    return version


def _size_of(source: VersionSource) -> int | None:
    """Return the bytes of the source's files; None without files."""
    owner = source.logged_model or source.files_run
    assert owner is not None
    files = current_files(owner)
    if source.path:
        own = Q(path_key=path_key(source.path))
        files = files.filter(in_folder(source.path) | own)
    size: int | None = files.aggregate(size=Sum("size"))["size"]
    return size


def _name_in_logged_model(model: LoggedModel, version: ModelVersion, now: int) -> None:
    """Add the version to the tag by which MLflow's clients find it."""
    stored = model.tags.filter(key=VERSIONS_TAG).values_list("value", flat=True).first()
    try:
        known = json.loads(stored or "[]")
    except ValueError:
        known = []
    named = {"name": version.model.name, "version": version.number}
    # Clients write the tag too, so it can be any text.
    text = json.dumps([*(known if isinstance(known, list) else []), named])
    if len(text) <= names.MAX_VALUE_BYTES:
        set_model_tags(model, {VERSIONS_TAG: text}, now=now)


def _check_details(details: VersionDetails) -> None:
    names.check_description(details.description)
    check_tags(details.tags)
    names.check_text(details.run_link, "run_link", limit=2000)
    names.check_text(details.framework, "framework", limit=100)
    names.check_text(details.framework_version, "framework_version", limit=100)
    check_properties(details.properties)


def _shown(version: ModelVersion) -> dict[str, Any]:
    """Return the version as history shows it."""
    run = version.run.run_id if version.run is not None else ""
    return {"source": version.source, "run_id": run}


def _record(
    version: ModelVersion, action: str, edits: list[Edit], actor: Actor, now: int
) -> None:
    model = version.model
    record_changes(
        model.workspace,
        action,
        [Edit(e.field, e.before, e.after, registered_model=model) for e in edits],
        actor=actor,
        now=now,
    )
