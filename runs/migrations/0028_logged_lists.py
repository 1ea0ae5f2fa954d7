"""Indexes for the list of logged models, and for the runs of one model."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("runs", "0027_registered_models"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="loggedmodel",
            index=models.Index(
                fields=["workspace", "created"], name="logged_model_created"
            ),
        ),
        migrations.AddIndex(
            model_name="loggedmodel",
            index=models.Index(fields=["workspace", "name"], name="logged_model_name"),
        ),
        migrations.AddIndex(
            model_name="loggedmodel",
            index=models.Index(
                fields=["workspace", "model_type"], name="logged_model_type"
            ),
        ),
        migrations.AddIndex(
            model_name="runmodel",
            index=models.Index(fields=["model_id"], name="run_model_by_id"),
        ),
    ]
