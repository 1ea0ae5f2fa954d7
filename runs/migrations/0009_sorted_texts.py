"""Runs by name and by a tag are read in the order of an index, not sorted when asked."""

from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F, Q

from runs.models.functions import TextOrder


def tell_planner(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Of an index without statistics SQLite expects too much."""
    if editor.connection.vendor != "sqlite":
        return
    if "sqlite_stat1" in _tables(editor):
        editor.execute("ANALYZE run_by_name")
        editor.execute("ANALYZE run_tag_by_text")


def _tables(editor: BaseDatabaseSchemaEditor) -> set[str]:
    with editor.connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {row[0] for row in cursor.fetchall()}


class Migration(migrations.Migration):
    dependencies = [("runs", "0008_delivery")]

    operations = [
        migrations.AddIndex(
            model_name="run",
            index=models.Index(
                F("workspace"), TextOrder(F("name")), F("id"), name="run_by_name"
            ),
        ),
        migrations.AddIndex(
            model_name="runtag",
            index=models.Index(
                F("key"),
                TextOrder(F("value")),
                F("run"),
                condition=Q(number__isnull=True, value__isnull=False),
                name="run_tag_by_text",
            ),
        ),
        migrations.RunPython(tell_planner, migrations.RunPython.noop),
    ]
