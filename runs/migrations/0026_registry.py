"""Tables of the model registry, and the registered model of a change."""

from __future__ import annotations


import django.db.models.deletion
import runs.models.registry
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("runs", "0025_states_by_arrival"),
    ]

    operations = [
        migrations.CreateModel(
            name="RegisteredModelStar",
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
            ],
        ),
        migrations.CreateModel(
            name="RegisteredModelTag",
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
                ("key", models.CharField(max_length=255)),
                ("value", models.TextField(blank=True, default="")),
            ],
        ),
        migrations.CreateModel(
            name="ModelVersion",
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
                ("number", models.PositiveIntegerField()),
                ("source", models.TextField()),
                ("path", models.CharField(blank=True, default="", max_length=5000)),
                ("run_link", models.TextField(blank=True, default="")),
                ("description", models.TextField(blank=True, default="")),
                (
                    "stage",
                    models.CharField(
                        choices=runs.models.registry.stages,
                        default="None",
                        max_length=10,
                    ),
                ),
                ("framework", models.CharField(blank=True, default="", max_length=100)),
                (
                    "framework_version",
                    models.CharField(blank=True, default="", max_length=100),
                ),
                ("properties", models.JSONField(default=dict)),
                ("size", models.BigIntegerField(null=True)),
                (
                    "request_id",
                    models.CharField(blank=True, default="", max_length=64),
                ),
                ("created", models.BigIntegerField()),
                ("updated", models.BigIntegerField()),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "files_run",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="versions_of_files",
                        to="runs.run",
                    ),
                ),
                (
                    "logged_model",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="versions",
                        to="runs.loggedmodel",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="model_versions",
                        to="runs.run",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ModelVersionTag",
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
                ("key", models.CharField(max_length=255)),
                ("value", models.TextField(blank=True, default="")),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tags",
                        to="runs.modelversion",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RegisteredModel",
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
                ("name", models.CharField(max_length=256)),
                ("description", models.TextField(blank=True, default="")),
                ("last_version", models.PositiveIntegerField(default=0)),
                ("version_count", models.PositiveIntegerField(default=0)),
                ("latest_version", models.PositiveIntegerField(default=0)),
                ("created", models.BigIntegerField()),
                ("updated", models.BigIntegerField()),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="registered_models",
                        to="runs.workspace",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="modelversion",
            name="model",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="versions",
                to="runs.registeredmodel",
            ),
        ),
        migrations.CreateModel(
            name="ModelAlias",
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
                ("name", models.CharField(max_length=255)),
                ("note", models.TextField(blank=True, default="")),
                ("moved", models.BigIntegerField()),
                (
                    "moved_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="aliases",
                        to="runs.modelversion",
                    ),
                ),
                (
                    "model",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="aliases",
                        to="runs.registeredmodel",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="change",
            name="registered_model",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="changes",
                to="runs.registeredmodel",
            ),
        ),
        migrations.AddIndex(
            model_name="change",
            index=models.Index(
                condition=models.Q(("registered_model__isnull", False)),
                fields=["registered_model", "-id"],
                name="changes_of_model",
            ),
        ),
        migrations.AddField(
            model_name="registeredmodelstar",
            name="model",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="stars",
                to="runs.registeredmodel",
            ),
        ),
        migrations.AddField(
            model_name="registeredmodelstar",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="registeredmodeltag",
            name="model",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="tags",
                to="runs.registeredmodel",
            ),
        ),
        migrations.AddConstraint(
            model_name="modelversiontag",
            constraint=models.UniqueConstraint(
                fields=("version", "key"), name="model_version_tag_once"
            ),
        ),
        migrations.AddIndex(
            model_name="registeredmodel",
            index=models.Index(
                fields=["workspace", "-updated", "-id"], name="model_updated"
            ),
        ),
        migrations.AddConstraint(
            model_name="registeredmodel",
            constraint=models.UniqueConstraint(
                fields=("workspace", "name"), name="registered_model_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="modelversion",
            constraint=models.UniqueConstraint(
                fields=("model", "number"), name="model_version_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="modelversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("files_run__isnull", False), ("logged_model__isnull", True)
                    ),
                    models.Q(
                        ("files_run__isnull", True), ("logged_model__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="model_version_has_files",
            ),
        ),
        migrations.AddConstraint(
            model_name="modelversion",
            constraint=models.UniqueConstraint(
                condition=models.Q(("request_id", ""), _negated=True),
                fields=("model", "request_id"),
                name="model_version_request_once",
            ),
        ),
        migrations.AddIndex(
            model_name="modelversion",
            index=models.Index(
                fields=["model", "stage", "-number"], name="model_stage_newest"
            ),
        ),
        migrations.AddConstraint(
            model_name="modelalias",
            constraint=models.UniqueConstraint(
                fields=("model", "name"), name="model_alias_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="registeredmodelstar",
            constraint=models.UniqueConstraint(
                fields=("user", "model"), name="registered_model_star_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="registeredmodeltag",
            constraint=models.UniqueConstraint(
                fields=("model", "key"), name="registered_model_tag_once"
            ),
        ),
    ]
