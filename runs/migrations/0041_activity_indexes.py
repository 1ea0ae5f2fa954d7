"""Change sets in the order of time also for each member, and without spare indexes.

Foreign keys whose index another one begins with lose theirs: each costs every write. The
indexes are dropped as such, for Django would copy the tables on SQLite.
"""

from __future__ import annotations

import django.db.models.deletion
from django.apps.registry import Apps
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

SPARE = {"Change": ["run"], "ChangeSet": ["actor", "token", "workspace"]}
NEW = ("changes_of_actor", "changes_in_several")


def drop_spare(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    for model_name, names in SPARE.items():
        model = apps.get_model("runs", model_name)
        for name in names:
            column = model._meta.get_field(name).column
            index = editor._create_index_name(model._meta.db_table, [column])  # type: ignore[attr-defined]
            editor.execute(f'DROP INDEX IF EXISTS "{index}"')


def tell_planner(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Of an index without statistics SQLite expects too much."""
    if editor.connection.vendor != "sqlite":
        return
    with editor.connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_stat1'")
        if cursor.fetchone() is None:
            return
    for index in NEW:
        editor.execute(f"ANALYZE {index}")


class Migration(migrations.Migration):
    dependencies = [("runs", "0040_search_index_merges")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunPython(drop_spare, migrations.RunPython.noop)
            ],
            state_operations=[
                migrations.AlterField(
                    model_name="change",
                    name="run",
                    field=models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="changes",
                        to="runs.run",
                    ),
                ),
                migrations.AlterField(
                    model_name="changeset",
                    name="actor",
                    field=models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                migrations.AlterField(
                    model_name="changeset",
                    name="token",
                    field=models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="runs.apitoken",
                    ),
                ),
                migrations.AlterField(
                    model_name="changeset",
                    name="workspace",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="change_sets",
                        to="runs.workspace",
                    ),
                ),
            ],
        ),
        migrations.RemoveIndex(
            model_name="changeset", name="runs_change_workspa_26fb64_idx"
        ),
        migrations.AddIndex(
            model_name="changeset",
            index=models.Index(
                fields=["workspace", "actor", "-time", "-id"], name="changes_of_actor"
            ),
        ),
        migrations.AddIndex(
            model_name="changeset",
            index=models.Index(
                condition=models.Q(("experiment__isnull", True), ("run_count__gt", 1)),
                fields=["workspace", "-time", "-id"],
                name="changes_in_several",
            ),
        ),
        migrations.RunPython(tell_planner, migrations.RunPython.noop),
    ]
