"""PostgreSQL reads short values of keys from their index alone.

Of an index of an expression, its planner also reads the table's row to know the column:
90 ms for the 67,000 newest runs of a value, instead of 14. Whole values can be longer
than an index allows, so only short ones are in it. Long values keep their beginnings.

It reads an index alone only where a vacuum has seen the rows since they were written. So
tables that lists read are vacuumed after a fiftieth has been added, not after a fifth.
"""

from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from runs.models.functions import BEGINNING

HEAD = f"substr(value, 1, {BEGINNING})"
TABLES = {
    "runs_runtag": "run_tag",
    "runs_runparam": "run_param",
    "runs_runproperty": "run_property",
}
#: What lists read from indexes alone.
VACUUMED = ("runs_run", "runs_metric", *TABLES)
VACUUM = {
    "autovacuum_vacuum_insert_scale_factor": 0.02,
    "autovacuum_vacuum_scale_factor": 0.05,
}


def split_indexes(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    del apps
    if editor.connection.vendor != "postgresql":
        return
    for table, name in TABLES.items():
        short, long = (f"WHERE length(value) {op} {BEGINNING}" for op in ("<", ">="))
        editor.execute(
            f"CREATE INDEX {name}_by_short_value "
            f"ON {table} (key_id, value, run_id) {short}"
        )
        editor.execute(f"DROP INDEX {name}_by_value")
        editor.execute(
            f"CREATE INDEX {name}_by_value ON {table} (key_id, {HEAD}, run_id) {long}"
        )
        _replace_statistics(editor, table, "key_id, value, (length(value))")
    settings = ", ".join(f"{name} = {value}" for name, value in VACUUM.items())
    for table in VACUUMED:
        editor.execute(f"ALTER TABLE {table} SET ({settings})")


def join_indexes(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    del apps
    if editor.connection.vendor != "postgresql":
        return
    for table, name in TABLES.items():
        editor.execute(f"DROP INDEX {name}_by_short_value")
        editor.execute(f"DROP INDEX {name}_by_value")
        editor.execute(
            f"CREATE INDEX {name}_by_value ON {table} (key_id, {HEAD}, run_id)"
        )
        _replace_statistics(editor, table, f"key_id, ({HEAD})")
    for table in VACUUMED:
        editor.execute(f"ALTER TABLE {table} RESET ({', '.join(VACUUM)})")


def _replace_statistics(
    editor: BaseDatabaseSchemaEditor, table: str, columns: str
) -> None:
    """How common a value of a key is: see migration 0015."""
    editor.execute(f"DROP STATISTICS IF EXISTS {table}_values")
    editor.execute(f"CREATE STATISTICS {table}_values (mcv) ON {columns} FROM {table}")
    editor.execute(f"ANALYZE {table}")


class Migration(migrations.Migration):
    dependencies = [("runs", "0028_logged_lists")]

    operations = [migrations.RunPython(split_indexes, join_indexes)]
