"""SQLite's triggers that count changes find the workspace without a subquery."""

from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from runs.models import change_counts


def create_again(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    del apps
    if editor.connection.vendor == "sqlite":
        change_counts.create_triggers_again(editor.connection)


class Migration(migrations.Migration):
    dependencies = [("runs", "0049_deliveries_due_by_channel")]

    operations = [migrations.RunPython(create_again, migrations.RunPython.noop)]
