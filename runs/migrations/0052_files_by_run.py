"""The files of a run in the order in which they were saved, from an index.

PostgreSQL read the newest files of all runs until it had enough of one. The foreign key
loses its index, which the new one begins with. It is dropped as such, for Django would
copy the table on SQLite.
"""

from __future__ import annotations

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

NEW = "file_by_run"


def drop_spare(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    table = apps.get_model("runs", "File")._meta.db_table
    index = editor._create_index_name(table, ["run_id"])  # type: ignore[attr-defined]
    editor.execute(f'DROP INDEX IF EXISTS "{index}"')


def tell_planner(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Of an index without statistics SQLite expects too much."""
    if editor.connection.vendor != "sqlite":
        return
    with editor.connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_stat1'")
        if cursor.fetchone() is None:
            return
    editor.execute(f"ANALYZE {NEW}")


class Migration(migrations.Migration):
    dependencies = [("runs", "0051_sign_in_mails")]

    operations = [
        migrations.AddIndex(
            model_name="file",
            index=models.Index(fields=["run", "id"], name=NEW),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunPython(drop_spare, migrations.RunPython.noop)
            ],
            state_operations=[
                migrations.AlterField(
                    model_name="file",
                    name="run",
                    field=models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="files",
                        to="runs.run",
                    ),
                ),
            ],
        ),
        migrations.RunPython(tell_planner, migrations.RunPython.noop),
    ]
