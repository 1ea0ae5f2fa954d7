"""The best values below a root are kept; those of the runs that are there are gathered."""

from __future__ import annotations

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from runs.models import root_metrics


def keep(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    root_metrics.install(editor.connection)
    root_metrics.recount(editor.connection)


def forget(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    root_metrics.remove(editor.connection)


class Migration(migrations.Migration):
    dependencies = [("runs", "0005_metric_goals")]

    operations = [
        migrations.CreateModel(
            name="RootMetric",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("min", models.FloatField()),
                ("max", models.FloatField()),
                (
                    "key",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="runs.key",
                    ),
                ),
                (
                    "root",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="bests",
                        to="runs.run",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=["root", "key"], name="root_metric_once"
                    )
                ],
                "indexes": [
                    models.Index(
                        fields=["key", "min", "root"], name="root_metric_by_min"
                    ),
                    models.Index(
                        fields=["key", "max", "root"], name="root_metric_by_max"
                    ),
                ],
            },
        ),
        migrations.RunPython(keep, forget),
    ]
