"""Who locked a run, and when."""

from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('runs', '0033_file_totals'),
    ]

    operations = [
        # A plain column for the database: on SQLite, Django removes a foreign key only
        # after it has read the table's constraints, and cannot read those of this table.
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.AddField(
                    model_name='run',
                    name='locked_by_id',
                    field=models.BigIntegerField(null=True),
                ),
            ],
            state_operations=[
                migrations.AddField(
                    model_name='run',
                    name='locked_by',
                    field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
                ),
            ],
        ),
        migrations.AddField(
            model_name='run',
            name='locked_since',
            field=models.BigIntegerField(blank=True, null=True),
        ),
        migrations.AddIndex(
            model_name='run',
            index=models.Index(condition=models.Q(('locked_by__isnull', False)), fields=['locked_by'], name='run_locked_by'),
        ),
    ]
