"""Add properties to versions. A property is written once and never changed."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from runs.actions.actor import Actor
from runs.actions.changes import Edit, record_changes
from runs.actions.registry.rows import (
    Tags,
    check_properties,
    lock_version,
    mark_updated,
)
from runs.models import ModelVersion
from studio.core.errors import Immutable


@transaction.atomic
def add_version_properties(
    version: ModelVersion, properties: Tags, *, actor: Actor, now: int
) -> None:
    """Add properties; raise Immutable if one already has another value."""
    check_properties(properties)
    lock_version(version)
    version.refresh_from_db(fields=["properties"])
    before = version.properties
    changed = [key for key, text in properties.items() if before.get(key, text) != text]
    if changed:
        raise Immutable(
            _(
                "The property %(key)r of version %(version)s is %(value)r and can't be "
                "changed."
            )
            % {
                "key": changed[0],
                "version": version.number,
                "value": before[changed[0]],
            },
            field=f"properties.{changed[0]}",
        )
    version.properties, version.updated = {**before, **properties}, now
    check_properties(version.properties)
    version.save(update_fields=["properties", "updated"])
    mark_updated(version.model, now)
    name = f"versions.{version.number}.properties"
    edits = [
        Edit(f"{name}.{key}", None, text, registered_model=version.model)
        for key, text in properties.items()
        if key not in before
    ]
    workspace = version.model.workspace
    record_changes(workspace, "add properties", edits, actor=actor, now=now)
