"""Models that v1 clients registered become models and versions of the registry.

They were logged models with tags: `studio.model.version` has the number, and
`studio.model.name` the name if it has dots. The tags stay, so this can be reversed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Sum

PREFIX = "studio.model."
VERSION_TAG = f"{PREFIX}version"
MAX_NAME, MAX_FRAMEWORK = 256, 100
BATCH = 200


def register_models(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    # Two that took the same number at once: the later ones get new numbers at the end.
    waiting: list[int] = []
    for batch in _tagged_models(apps):
        waiting += [one.pk for one in batch if not _register(apps, one)]
    rows = apps.get_model("runs", "LoggedModel").objects.prefetch_related("tags")
    for key in waiting:
        _register(apps, rows.get(pk=key), is_renumbered=True)


def remove_models(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    versions = apps.get_model("runs", "ModelVersion").objects
    for batch in _tagged_models(apps):
        rows = versions.filter(logged_model__in=[one.pk for one in batch])
        models = set(rows.values_list("model", flat=True))
        rows.delete()
        named = apps.get_model("runs", "RegisteredModel").objects
        named.filter(pk__in=models, versions=None).delete()


def _tagged_models(apps: Apps) -> Iterator[list[Any]]:
    """Yield the logged models with a version, the oldest first, in batches."""
    rows = apps.get_model("runs", "LoggedModel").objects.filter(tags__key=VERSION_TAG)
    rows = rows.select_related("experiment").prefetch_related("tags").order_by("pk")
    last = 0
    while batch := list(rows.filter(pk__gt=last)[:BATCH]):
        yield batch
        last = batch[-1].pk


def _register(apps: Apps, logged: Any, is_renumbered: bool = False) -> bool:
    """Add a version for the logged model; return False if its number is taken."""
    tags = {tag.key: tag.value for tag in logged.tags.all()}
    name = _model_name(tags.get(f"{PREFIX}name", ""), logged.name)
    number = _number(tags[VERSION_TAG])
    if logged.deleted is not None or logged.experiment.deleted is not None:
        return True
    model = _find_or_create(apps, logged, name)
    versions = apps.get_model("runs", "ModelVersion").objects.filter(model=model)
    if is_renumbered:
        number = model.last_version + 1
    elif not number or versions.filter(number=number).exists():
        return False
    _add_version(apps, model, logged, number, tags)
    model.last_version = model.latest_version = max(model.last_version, number)
    model.version_count += 1
    model.updated = max(model.updated, logged.updated)
    model.save()
    return True


def _model_name(tagged: str, own: str) -> str:
    """Return the name; the registry allows no slash and no colon in it."""
    name = tagged.replace("/", "_").replace(":", "_") or own
    return name.replace("/", "_").replace(":", "_")[:MAX_NAME]


def _number(text: str) -> int:
    """Return the number of a version; 0 if the text is none."""
    is_number = text.isascii() and text.isdigit() and len(text) < 10
    return int(text) if is_number else 0


def _find_or_create(apps: Apps, logged: Any, name: str) -> Any:
    model, _is_new = apps.get_model("runs", "RegisteredModel").objects.get_or_create(
        workspace_id=logged.workspace_id,
        name=name,
        defaults={"created": logged.created, "updated": logged.updated},
    )
    return model


def _add_version(
    apps: Apps, model: Any, logged: Any, number: int, tags: dict[str, str]
) -> None:
    files = apps.get_model("runs", "File").objects.filter(model=logged, replaced=None)
    version = apps.get_model("runs", "ModelVersion").objects.create(
        model=model,
        number=number,
        source=f"models:/{logged.model_id}",
        logged_model=logged,
        run_id=logged.source_run_id,
        description=tags.get(f"{PREFIX}description", ""),
        framework=tags.get(f"{PREFIX}framework", "")[:MAX_FRAMEWORK],
        framework_version=tags.get(f"{PREFIX}framework_version", "")[:MAX_FRAMEWORK],
        properties=_properties(tags.get(f"{PREFIX}properties", "")),
        size=files.aggregate(total=Sum("size"))["total"] or 0,
        created=logged.created,
        updated=logged.updated,
    )
    rows = apps.get_model("runs", "ModelVersionTag")
    rows.objects.bulk_create(
        rows(version=version, key=key, value=value)
        for key, value in tags.items()
        if not key.startswith(PREFIX)
    )


def _properties(text: str) -> dict[str, str]:
    try:
        found = json.loads(text or "{}")
    # Deeply nested JSON raises RecursionError.
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {_storable(key): _storable(str(value)) for key, value in found.items()}


def _storable(text: str) -> str:
    """Replace what PostgreSQL refuses in JSON: NUL, and half a surrogate pair."""
    whole = text.encode(errors="replace").decode()
    return whole.replace("\x00", "\N{REPLACEMENT CHARACTER}")


class Migration(migrations.Migration):
    dependencies = [("runs", "0026_registry")]

    operations = [migrations.RunPython(register_models, remove_models)]
