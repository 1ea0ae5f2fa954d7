"""Create, rename, describe, tag, star and delete registered models."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from runs.actions.actor import Actor
from runs.actions.changes import Edit, check_version, record_changes
from runs.actions.registry.rows import (
    Tags,
    check_tags,
    insert_tags,
    lock_model,
    mark_updated,
    name_aliases,
    write_tag,
)
from runs.models import (
    ModelAlias,
    ModelVersion,
    RegisteredModel,
    RegisteredModelStar,
    User,
    Workspace,
)
from studio.core import names
from studio.core.errors import AlreadyExists, InvalidState


@transaction.atomic
def create_model(
    workspace: Workspace,
    name: str,
    *,
    actor: Actor,
    now: int,
    description: str = "",
    tags: Tags | None = None,
) -> RegisteredModel:
    """Create a model without versions; raise AlreadyExists for a used name."""
    names.check_registered_model_name(name)
    names.check_description(description)
    checked = check_tags(tags or {})
    model = RegisteredModel(
        workspace=workspace,
        name=name,
        description=description,
        created=now,
        updated=now,
        created_by=actor.user,
    )
    try:
        # Its own savepoint: PostgreSQL ends a transaction whose insert failed.
        with transaction.atomic():
            model.save()
    except IntegrityError as error:
        raise _name_is_used(name) from error
    insert_tags(model, checked)
    _record(model, "create model", Edit("created", None, name), actor, now)
    return model


@transaction.atomic
def rename_model(
    model: RegisteredModel, name: str, *, actor: Actor, now: int
) -> RegisteredModel:
    """Rename a model; raise AlreadyExists for a used name."""
    names.check_registered_model_name(name, "new_name")
    lock_model(model)
    before = model.name
    if name == before:
        return model
    try:
        with transaction.atomic():
            RegisteredModel.objects.filter(pk=model.pk).update(name=name, updated=now)
    except IntegrityError as error:
        raise _name_is_used(name) from error
    model.name, model.updated = name, now
    _record(model, "rename model", Edit("name", before, name), actor, now)
    return model


@transaction.atomic
def update_model(
    model: RegisteredModel,
    description: str,
    *,
    actor: Actor,
    now: int,
    seen_version: str | None = None,
) -> RegisteredModel:
    """Set the Markdown description; an empty text removes it.

    `seen_version` is the `version_token` of the text that the editor saw; raises
    Conflict if it has changed.
    """
    names.check_description(description)
    lock_model(model)
    before = model.description
    check_version(seen_version, before, description, "description")
    model.description, model.updated = description, now
    model.save(update_fields=["description", "updated"])
    edit = Edit("description", before, description)
    _record(model, "describe model", edit, actor, now)
    return model


@transaction.atomic
def delete_model(model: RegisteredModel, *, actor: Actor, now: int) -> None:
    """Delete a model with all its versions; the files of runs and models stay.

    Raises InvalidState if the model has aliases: they say that a version is in use.
    """
    lock_model(model)
    aliases = list(ModelAlias.objects.filter(model=model).order_by("name"))
    if aliases:
        raise InvalidState(
            _(
                "The model %(name)r can't be deleted, because its versions have "
                "aliases: %(aliases)s. Remove them first."
            )
            % {"name": model.name, "aliases": name_aliases(aliases)},
            name=model.name,
            aliases=[alias.name for alias in aliases],
        )
    count = ModelVersion.objects.filter(model=model).count()
    before = {"name": model.name, "versions": count}
    # Its own changes are deleted with it, so this one does not refer to it.
    edits = [Edit("registered_model", before, None)]
    workspace = model.workspace
    RegisteredModel.objects.filter(pk=model.pk).delete()
    record_changes(workspace, "delete model", edits, actor=actor, now=now)


@transaction.atomic
def star_model(
    model: RegisteredModel, user: User, on: bool, *, actor: Actor, now: int
) -> None:
    """Star or unstar a model for one user."""
    stars = RegisteredModelStar.objects.filter(model=model, user=user)
    if on:
        _star, changed = RegisteredModelStar.objects.get_or_create(
            model=model, user=user
        )
    else:
        changed = stars.delete()[0] > 0
    edit = Edit("starred", on != changed, on)
    _record(model, "star model" if on else "unstar model", edit, actor, now)


@transaction.atomic
def set_model_tag(
    model: RegisteredModel, key: str, value: str, *, actor: Actor, now: int
) -> None:
    """Set one tag."""
    check_tags({key: value})
    _change_tag(model, key, value, actor, now)


@transaction.atomic
def delete_model_tag(
    model: RegisteredModel, key: str, *, actor: Actor, now: int
) -> bool:
    """Remove one tag; return whether it existed."""
    names.check_key(key, "key")
    return _change_tag(model, key, None, actor, now) is not None


def _change_tag(
    model: RegisteredModel, key: str, value: str | None, actor: Actor, now: int
) -> dict[str, str] | None:
    lock_model(model)
    before = write_tag(model, key, value)
    after = None if value is None else {"value": value}
    if before != after:
        mark_updated(model, now)
    _record(model, "tag model", Edit(f"tags.{key}", before, after), actor, now)
    return before


def _record(
    model: RegisteredModel, action: str, edit: Edit, actor: Actor, now: int
) -> None:
    edits = [Edit(edit.field, edit.before, edit.after, registered_model=model)]
    record_changes(model.workspace, action, edits, actor=actor, now=now)


def _name_is_used(name: str) -> AlreadyExists:
    return AlreadyExists(
        _("A registered model named %(name)r already exists.") % {"name": name},
        field="name",
    )
