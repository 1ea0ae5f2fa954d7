"""Each failed run says what is the same for all that failed alike."""

from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from studio.core.fingerprints import error_kind

BATCH = 1000


def name_kinds(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Of the errors that there are."""
    runs = apps.get_model("runs", "Run").objects.using(editor.connection.alias)
    failed = runs.exclude(error="").filter(error_kind__isnull=True).order_by("pk")
    last = 0
    while found := list(failed.filter(pk__gt=last).only("pk", "error")[:BATCH]):
        for run in found:
            run.error_kind = error_kind(run.error)
        runs.bulk_update(found, ["error_kind"])
        last = found[-1].pk


class Migration(migrations.Migration):
    dependencies = [("runs", "0011_selections")]

    operations = [
        migrations.AddField(
            model_name="run",
            name="error_kind",
            field=models.CharField(blank=True, max_length=64, null=True),
        ),
        migrations.RunPython(name_kinds, migrations.RunPython.noop),
    ]
