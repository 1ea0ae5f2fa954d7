"""Kinds of compute targets have settings, and engines say what they do with a job."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('runs', '0038_comments'),
    ]

    operations = [
        migrations.AddField(
            model_name='computetarget',
            name='settings',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='job',
            name='engine_job',
            field=models.CharField(blank=True, db_default='', default='', max_length=100),
        ),
        migrations.AddField(
            model_name='job',
            name='engine_message',
            field=models.TextField(blank=True, db_default='', default=''),
        ),
        migrations.AddField(
            model_name='job',
            name='engine_state',
            field=models.CharField(blank=True, db_default='', default='', max_length=20),
        ),
    ]
