"""Uploads under way, and their pieces."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("runs", "0031_log_index"),
    ]

    operations = [
        migrations.CreateModel(
            name="Upload",
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
                ("blob", models.CharField(max_length=64, unique=True)),
                ("path", models.CharField(max_length=5000)),
                ("size", models.BigIntegerField(null=True)),
                ("key", models.CharField(blank=True, default="", max_length=64)),
                ("parts", models.IntegerField(null=True)),
                ("part_size", models.BigIntegerField(null=True)),
                ("overwrite", models.BooleanField(default=True)),
                ("created", models.BigIntegerField()),
                ("updated", models.BigIntegerField()),
                ("completed", models.BigIntegerField(null=True)),
                ("file_key", models.BigIntegerField(null=True)),
                (
                    "model",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="uploads",
                        to="runs.loggedmodel",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="uploads",
                        to="runs.run",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="UploadPiece",
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
                ("number", models.BigIntegerField()),
                ("size", models.BigIntegerField()),
                ("sha256", models.CharField(max_length=64)),
                ("blob", models.CharField(blank=True, default="", max_length=64)),
                (
                    "upload",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="pieces",
                        to="runs.upload",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="upload",
            index=models.Index(fields=["updated"], name="upload_updated"),
        ),
        migrations.AddConstraint(
            model_name="upload",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("model__isnull", True), ("run__isnull", False)),
                    models.Q(("model__isnull", False), ("run__isnull", True)),
                    _connector="OR",
                ),
                name="upload_has_one_home",
            ),
        ),
        migrations.AddConstraint(
            model_name="upload",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("completed__isnull", True),
                    ("run__isnull", False),
                    models.Q(("key", ""), _negated=True),
                ),
                fields=("run", "key"),
                name="run_upload_once",
            ),
        ),
        migrations.AddIndex(
            model_name="uploadpiece",
            index=models.Index(
                condition=models.Q(("blob", ""), _negated=True),
                fields=["blob"],
                name="upload_piece_blob",
            ),
        ),
        migrations.AddConstraint(
            model_name="uploadpiece",
            constraint=models.UniqueConstraint(
                fields=("upload", "number"), name="upload_piece_once"
            ),
        ),
    ]
