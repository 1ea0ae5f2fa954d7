"""PostgreSQL learns how common each value of a key is, and not of all keys together.

Its planner multiplies the share of the key by that of the value, as if they had nothing
to do with each other, and expects a ninth of the runs of a common tag. It then reads and
sorts all of them where the newest ten thousand are asked for.
"""

from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from runs.models.functions import BEGINNING

TABLES = ("runs_runtag", "runs_runparam", "runs_runproperty")


def create(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    del apps
    if editor.connection.vendor != "postgresql":
        return
    for table in TABLES:
        # Spelled as the indexes are: statistics serve only what is spelled as they are.
        editor.execute(
            f"CREATE STATISTICS IF NOT EXISTS {table}_values (mcv) "
            f"ON key_id, (substr(value, 1, {BEGINNING})) FROM {table}"
        )
        editor.execute(f"ANALYZE {table}")


def drop(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    del apps
    if editor.connection.vendor == "postgresql":
        for table in TABLES:
            editor.execute(f"DROP STATISTICS IF EXISTS {table}_values")


class Migration(migrations.Migration):
    dependencies = [("runs", "0014_conclusions")]

    operations = [migrations.RunPython(create, drop)]
