"""SQLite's index of free words merges its parts less often."""

from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from runs.models import search_text


def configure(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    del apps
    search_text.configure(editor.connection)


class Migration(migrations.Migration):
    dependencies = [("runs", "0039_engines")]

    operations = [migrations.RunPython(configure, migrations.RunPython.noop)]
