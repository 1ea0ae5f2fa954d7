"""Runs that failed alike, and those that are locked, are read from indexes."""

from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Q

INDEXES = ("run_by_error_kind", "run_is_locked")


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
    dependencies = [("runs", "0012_error_kinds")]

    operations = [
        migrations.AddIndex(
            model_name="run",
            index=models.Index(
                fields=["workspace", "-id"],
                condition=Q(locked=True),
                name="run_is_locked",
            ),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(
                fields=["workspace", "error_kind", "-id"],
                condition=Q(error_kind__isnull=False),
                name="run_by_error_kind",
            ),
        ),
        migrations.RunPython(tell_planner, migrations.RunPython.noop),
    ]
