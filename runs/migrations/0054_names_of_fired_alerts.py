"""Fired alerts keep the name of their latest run."""

from typing import Any

from django.db import migrations, models
from django.db.models import OuterRef, Subquery


def keep_names(apps: Any, _editor: object) -> None:
    alerts = apps.get_model('runs', 'FiredAlert').objects.filter(run__isnull=False)
    runs = apps.get_model('runs', 'Run').objects.filter(pk=OuterRef('run'))
    alerts.update(run_name=Subquery(runs.values('name')[:1]))


class Migration(migrations.Migration):

    dependencies = [
        ('runs', '0053_follow_views'),
    ]

    operations = [
        migrations.AddField(
            model_name='firedalert',
            name='run_name',
            field=models.TextField(blank=True, db_default='', default=''),
        ),
        migrations.RunPython(keep_names, migrations.RunPython.noop),
    ]
