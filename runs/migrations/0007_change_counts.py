"""How often what a workspace's lists show was changed, counted by triggers."""

from __future__ import annotations

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from runs.models import change_counts


def keep_counts(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    change_counts.install(editor.connection)


def keep_no_counts(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    change_counts.remove(editor.connection)


class Migration(migrations.Migration):
    dependencies = [("runs", "0006_root_metrics")]

    operations = [
        migrations.CreateModel(
            name='ChangeCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('changes', models.BigIntegerField(default=0)),
                ('workspace', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='change_counts', to='runs.workspace')),
            ],
        ),
        migrations.RunPython(keep_counts, keep_no_counts),
    ]
