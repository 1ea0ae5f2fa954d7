"""Lock rows of the registry, and check and write their tags."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import Count, Max

from runs.models import (
    ModelAlias,
    ModelVersion,
    ModelVersionTag,
    RegisteredModel,
    RegisteredModelTag,
)
from runs.search.registry import model_not_found, version_not_found
from studio.core import names

Tags = Mapping[str, str]
TagValue = dict[str, str] | None


def lock_model(model: RegisteredModel) -> None:
    """Lock the model's row until the transaction ends, and read it again.

    All actions on a model, its versions and its aliases take turns by it. Raises
    NotFound if the model was deleted.
    """
    rows = RegisteredModel.objects.select_for_update(no_key=True)
    found = rows.filter(pk=model.pk).first()
    if found is None:
        raise model_not_found(model.name)
    for field in ("name", "description", "last_version", "updated"):
        setattr(model, field, getattr(found, field))


def lock_version(version: ModelVersion) -> None:
    """Lock the version's model, and read the version again; NotFound if deleted."""
    lock_model(version.model)
    fields = ("description", "stage", "updated")
    found = ModelVersion.objects.filter(pk=version.pk).only(*fields).first()
    if found is None:
        raise version_not_found(version.model.name, version.number)
    for field in fields:
        setattr(version, field, getattr(found, field))


def mark_updated(model: RegisteredModel, now: int) -> None:
    RegisteredModel.objects.filter(pk=model.pk).update(updated=now)
    model.updated = now


def count_versions(model: RegisteredModel) -> None:
    """Store how many versions the model has, and the latest one's number."""
    rows = ModelVersion.objects.filter(model=model)
    found = rows.aggregate(count=Count("pk"), latest=Max("number"))
    model.version_count, model.latest_version = found["count"], found["latest"] or 0
    model.save(update_fields=["version_count", "latest_version"])


def check_properties(properties: Tags) -> None:
    names.check_count(len(properties), "properties")
    for key, value in properties.items():
        names.check_key(key, "properties")
        names.check_value(value, f"properties.{key}")


def check_tags(tags: Tags) -> Tags:
    names.check_count(len(tags), "tags")
    for key, value in tags.items():
        names.check_key(key, "tags")
        names.check_registry_tag_value(value, f"tags.{key}")
    return tags


def write_tag(
    owner: RegisteredModel | ModelVersion, key: str, value: str | None
) -> TagValue:
    """Set a tag, or remove it for None; return the value before."""
    rows = owner.tags.filter(key=key)
    found = rows.first()
    if value is None:
        rows.delete()
    elif found is None:
        insert_tags(owner, {key: value})
    else:
        rows.update(value=value)
    return None if found is None else {"value": found.value}


def insert_tags(owner: RegisteredModel | ModelVersion, tags: Tags) -> None:
    if isinstance(owner, RegisteredModel):
        RegisteredModelTag.objects.bulk_create(
            RegisteredModelTag(model=owner, key=key, value=value)
            for key, value in tags.items()
        )
    else:
        ModelVersionTag.objects.bulk_create(
            ModelVersionTag(version=owner, key=key, value=value)
            for key, value in tags.items()
        )


def name_aliases(aliases: list[ModelAlias]) -> str:
    return ", ".join(f"@{one.name}" for one in aliases)
