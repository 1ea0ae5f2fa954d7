"""Remove credentials from addresses of git repositories that were stored.

Tags, properties, names of scripts and the history have them, if an older release stored
them. Pages hid most, but a filter could find them. Only rows that can have an address
are read, and only those that have credentials are written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from runs.models import immutable, triggers
from runs.models.grams import SEPARATOR, fold_case, grams_of

# As in `studio.core.git`, which can change later.
ADDRESS_KEYS = (
    "azureml.git.repository_uri",
    "mlflow.gitRepoURL",
    "mlflow.source.git.repoURL",
    "mlflow.source.name",
)
BEFORE_HOST = re.compile(r"\s*([A-Za-z][\w+.-]*://)([^/?#\s]*)@", re.ASCII)
ROWS_PER_BATCH = 2000
PROPERTIES = "runs_runproperty"


def without_credentials(address: str) -> str:
    found = BEFORE_HOST.match(address)
    if found is None:
        return address
    is_web = "http" in found[1].lower()
    user = "" if is_web else found[2].partition(":")[0] + "@"
    return found[1] + user + address[found.end() :]


def clean(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    clean_texts(apps, "RunTag")
    # Properties are immutable. All of this is one transaction.
    triggers.drop_triggers(editor.connection, PROPERTIES, [f"{PROPERTIES}_no_update"])
    clean_texts(apps, "RunProperty")
    immutable.install(editor.connection)
    clean_history(apps)
    clean_scripts(apps)


def clean_texts(apps: Apps, name: str) -> None:
    model = apps.get_model("runs", name)
    keys = apps.get_model("runs", "Key").objects.filter(name__in=ADDRESS_KEYS)
    for key in keys:
        rows = model.objects.filter(key=key, value__contains="@")
        for batch in _batches(rows, "run_id"):
            changed = []
            for row in batch:
                cleaned = without_credentials(row.value)
                if cleaned != row.value:
                    changed.append((row, cleaned))
            if name == "RunTag" and not key.name.startswith("mlflow."):
                clean_search_texts(apps, key.name, changed)
            for row, cleaned in changed:
                row.value = cleaned
            model.objects.bulk_update([row for row, _ in changed], ["value"])


def clean_search_texts(apps: Apps, key: str, changed: list[tuple[Any, str]]) -> None:
    """Tags of MLflow's clients are not in these texts."""
    start = fold_case(key) + SEPARATOR
    texts = apps.get_model("runs", "SearchText")
    found = texts.objects.in_bulk([row.run_id for row, _ in changed])
    for row, cleaned in changed:
        known = found.get(row.run_id)
        if known is not None:
            old, new = (start + fold_case(text) for text in (row.value, cleaned))
            known.text = known.text.replace(old, new)
            known.grams = grams_of(known.text)
    texts.objects.bulk_update(found.values(), ["text", "grams"])


def clean_history(apps: Apps) -> None:
    model = apps.get_model("runs", "Change")
    fields = [f"tags.{key}" for key in ADDRESS_KEYS]
    rows = model.objects.filter(field__in=fields)
    for batch in _batches(rows, "pk"):
        changed = []
        for row in batch:
            before, after = _cleaned(row.before), _cleaned(row.after)
            if (before, after) != (row.before, row.after):
                row.before, row.after = before, after
                changed.append(row)
        model.objects.bulk_update(changed, ["before", "after"])


def clean_scripts(apps: Apps) -> None:
    """MLflow's clients name a repository as the script of a run."""
    model = apps.get_model("runs", "Run")
    rows = model.objects.filter(script__contains="@").only("script")
    for batch in _batches(rows, "pk"):
        for row in batch:
            row.script = without_credentials(row.script)
        model.objects.bulk_update(batch, ["script"])


def _cleaned(value: Any) -> Any:
    """A tag is stored with its value, as in `{"value": "https://…"}`."""
    if isinstance(value, dict) and isinstance(value.get("value"), str):
        return {**value, "value": without_credentials(value["value"])}
    return value


def _batches(rows: Any, order: str) -> Iterator[list[Any]]:
    """Read rows in the order of an index, each batch after the one before."""
    last: int | None = None
    while True:
        some = rows if last is None else rows.filter(**{f"{order}__gt": last})
        batch = list(some.order_by(order)[:ROWS_PER_BATCH])
        if not batch:
            return
        yield batch
        last = getattr(batch[-1], order)


class Migration(migrations.Migration):
    dependencies = [("runs", "0041_activity_indexes")]

    operations = [migrations.RunPython(clean, migrations.RunPython.noop)]
