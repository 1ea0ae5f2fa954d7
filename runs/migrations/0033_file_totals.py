"""The number and size of the files of each run and model, kept by triggers."""

from __future__ import annotations

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from runs.models import file_totals


def keep_totals(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    file_totals.install(editor.connection)
    file_totals.recount(editor.connection)


def keep_no_totals(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    file_totals.remove(editor.connection)


class Migration(migrations.Migration):

    dependencies = [
        ('runs', '0032_uploads'),
    ]

    operations = [
        migrations.CreateModel(
            name='FileTotal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('files', models.BigIntegerField()),
                ('bytes', models.BigIntegerField()),
                ('model', models.OneToOneField(db_constraint=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='file_total', to='runs.loggedmodel')),
                ('run', models.OneToOneField(db_constraint=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='file_total', to='runs.run')),
            ],
        ),
        migrations.RunPython(keep_totals, keep_no_totals),
    ]
