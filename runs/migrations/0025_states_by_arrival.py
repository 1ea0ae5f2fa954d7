"""The index of a workspace's runs also has what lists count of each run."""

from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

INDEX = "run_by_arrival"


def tell_planner(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Of an index without statistics SQLite expects too much."""
    if editor.connection.vendor != "sqlite":
        return
    with editor.connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_stat1'")
        if cursor.fetchone() is None:
            return
    editor.execute(f"ANALYZE {INDEX}")


class Migration(migrations.Migration):
    dependencies = [("runs", "0024_durations_and_states_of_children")]

    operations = [
        migrations.RemoveIndex(model_name="run", name="runs_run_workspa_77a4e5_idx"),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(
                fields=[
                    "workspace",
                    "-id",
                    "status",
                    "parent",
                    "archived",
                    "deleted",
                    "experiment",
                ],
                name=INDEX,
            ),
        ),
        migrations.RunPython(tell_planner, migrations.RunPython.noop),
    ]
