"""Free words are answered by an index; the runs that are there get their texts."""

from __future__ import annotations

from itertools import chain
from typing import Any

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.utils import ProgrammingError

from runs.models import search_text
from runs.models.grams import HIDDEN, grams_of, text_of

BATCH = 500


def prepare(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """PostgreSQL's trigrams come with it, but a database has to ask for them."""
    if editor.connection.vendor != "postgresql":
        return
    try:
        editor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except ProgrammingError as error:
        raise ProgrammingError(
            "Searching for words needs PostgreSQL's extension pg_trgm, and this user "
            "may not create it. As the database's owner run: CREATE EXTENSION pg_trgm;"
        ) from error


def fill(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    # Before the index is there: building it at once is faster on both databases.
    runs: Any = apps.get_model("runs", "Run")
    tags: Any = apps.get_model("runs", "RunTag")
    texts: Any = apps.get_model("runs", "SearchText")
    last = 0
    while True:
        fields = runs.objects.filter(pk__gt=last).order_by("pk")
        found = fields.values_list("pk", "name", "run_id", "description")[:BATCH]
        rows = list(found)
        if not rows:
            break
        last = rows[-1][0]
        texts.objects.bulk_create(_texts(texts, rows, tags))


def _texts(texts: Any, rows: list[Any], tags: Any) -> list[Any]:
    shown: dict[int, list[tuple[str, str | None]]] = {}
    found = tags.objects.filter(run__in=[row[0] for row in rows]).order_by("run", "pk")
    for run, key, value in found.values_list("run", "key__name", "value"):
        if not key.startswith(HIDDEN):
            shown.setdefault(run, []).append((key, value))
    made = []
    for pk, *fields in rows:
        text = text_of([*fields, *chain.from_iterable(shown.get(pk, ()))])
        made.append(texts(run_id=pk, text=text, grams=grams_of(text)))
    return made


def index(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    search_text.restore(editor.connection)


def unindex(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    search_text.remove(editor.connection)


class Migration(migrations.Migration):
    dependencies = [("runs", "0002_immutable")]
    operations = [
        migrations.RunPython(prepare, migrations.RunPython.noop),
        migrations.CreateModel(
            name="SearchText",
            fields=[
                (
                    "run",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="search_text",
                        serialize=False,
                        to="runs.run",
                    ),
                ),
                ("text", models.TextField()),
                ("grams", models.TextField()),
            ],
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.RunPython(index, unindex),
        migrations.CreateModel(
            name="SearchIndex",
            fields=[
                (
                    "run",
                    models.OneToOneField(
                        db_column="rowid",
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="search_index",
                        serialize=False,
                        to="runs.run",
                    ),
                ),
                (
                    "whole",
                    search_text.IndexedText(db_column="runs_searchindex"),
                ),
            ],
            options={"db_table": "runs_searchindex", "managed": False},
        ),
    ]
