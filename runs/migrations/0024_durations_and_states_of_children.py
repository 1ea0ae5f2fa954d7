"""Runs are sorted by duration, and children counted by status, from indexes."""

from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F, Q

INDEXES = ("run_by_duration", "run_has_parent")


def tell_planner(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Of an index without statistics SQLite expects too much."""
    if editor.connection.vendor != "sqlite":
        return
    with editor.connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_stat1'")
        if cursor.fetchone() is None:
            return
    for index in INDEXES:
        editor.execute(f"ANALYZE {index}")


class Migration(migrations.Migration):
    dependencies = [("runs", "0023_sweeps")]

    operations = [
        migrations.RemoveIndex(model_name="run", name="run_has_parent"),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(
                fields=["parent", "-id", "status", "deleted", "experiment"],
                condition=Q(parent__isnull=False),
                name="run_has_parent",
            ),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(
                F("workspace"),
                F("ended") - F("started"),
                F("id").desc(),
                condition=Q(started__isnull=False, ended__isnull=False),
                name="run_by_duration",
            ),
        ),
        migrations.RunPython(tell_planner, migrations.RunPython.noop),
    ]
