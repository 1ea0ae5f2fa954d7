"""A folder of a run's files is read from an index, whatever the number of files."""

from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F, Q

from runs.models.functions import PathOrder


def tell_planner(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Without statistics, SQLite expects too much of an index."""
    del apps
    connection = editor.connection
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE name = 'sqlite_stat1'")
        has_statistics = cursor.fetchone() is not None
    if has_statistics:
        editor.execute("ANALYZE file_by_folder")


class Migration(migrations.Migration):
    dependencies = [("runs", "0029_short_values")]

    operations = [
        migrations.AddIndex(
            model_name="file",
            index=models.Index(
                F("run"),
                PathOrder(F("folder")),
                PathOrder(F("name")),
                condition=Q(replaced__isnull=True, run__isnull=False),
                name="file_by_folder",
            ),
        ),
        migrations.RunPython(tell_planner, migrations.RunPython.noop),
    ]
