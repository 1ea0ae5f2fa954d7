"""Custom views, their revisions, stars and defaults; links for outsiders."""

from __future__ import annotations

import django.db.models.deletion
from django.apps.registry import Apps
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from runs.models import change_counts


def count_changes(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    change_counts.install(editor.connection)


def count_no_changes(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Triggers go with their table."""


class Migration(migrations.Migration):

    dependencies = [
        ('runs', '0009_sorted_texts'),
    ]

    operations = [
        migrations.CreateModel(
            name='View',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.CharField(max_length=10, unique=True)),
                ('name', models.CharField(max_length=500)),
                ('words', models.TextField(blank=True, default='')),
                ('description', models.TextField(blank=True, default='')),
                ('shared', models.BooleanField(default=False)),
                ('shared_from', models.PositiveIntegerField(default=1)),
                ('locked', models.BooleanField(default=False)),
                ('experiment_name', models.CharField(blank=True, default='', max_length=500)),
                ('revision', models.PositiveIntegerField(default=1)),
                ('spec', models.JSONField()),
                ('created', models.BigIntegerField()),
                ('updated', models.BigIntegerField()),
                ('deleted', models.BigIntegerField(blank=True, null=True)),
                ('experiment', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='runs.experiment')),
                ('owner', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='views', to='runs.workspace')),
            ],
        ),
        migrations.CreateModel(
            name='ShareLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.BinaryField(max_length=32, unique=True)),
                ('note', models.CharField(blank=True, default='', max_length=200)),
                ('created', models.BigIntegerField()),
                ('expires', models.BigIntegerField()),
                ('revoked', models.BigIntegerField(blank=True, null=True)),
                ('opened', models.BigIntegerField(blank=True, null=True)),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('run', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='runs.run')),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='share_links', to='runs.workspace')),
                ('view', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='runs.view')),
            ],
        ),
        migrations.AddField(
            model_name='change',
            name='view',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='changes', to='runs.view'),
        ),
        migrations.CreateModel(
            name='ViewDefault',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('experiment', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='runs.experiment')),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('view', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='runs.view')),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='runs.workspace')),
            ],
        ),
        migrations.CreateModel(
            name='ViewRevision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('time', models.BigIntegerField()),
                ('spec', models.JSONField()),
                ('experiment_name', models.CharField(blank=True, default='', max_length=500)),
                ('restored', models.PositiveIntegerField(blank=True, null=True)),
                ('author', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('experiment', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='runs.experiment')),
                ('view', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='revisions', to='runs.view')),
            ],
        ),
        migrations.CreateModel(
            name='ViewStar',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('view', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='stars', to='runs.view')),
            ],
        ),
        migrations.AddIndex(
            model_name='view',
            index=models.Index(fields=['workspace', 'shared', 'name'], name='view_shared'),
        ),
        migrations.AddIndex(
            model_name='view',
            index=models.Index(fields=['owner', 'workspace', 'name'], name='view_own'),
        ),
        migrations.AddConstraint(
            model_name='sharelink',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('run__isnull', True), ('view__isnull', False)), models.Q(('run__isnull', False), ('view__isnull', True)), _connector='OR'), name='share_link_shows_one'),
        ),
        migrations.AddConstraint(
            model_name='viewdefault',
            constraint=models.UniqueConstraint(fields=('workspace', 'user', 'experiment'), name='view_default_once'),
        ),
        migrations.AddConstraint(
            model_name='viewdefault',
            constraint=models.UniqueConstraint(condition=models.Q(('experiment__isnull', True)), fields=('workspace', 'user'), name='view_default_all_runs'),
        ),
        migrations.AddConstraint(
            model_name='viewdefault',
            constraint=models.UniqueConstraint(condition=models.Q(('user__isnull', True)), fields=('workspace', 'experiment'), name='view_default_of_all'),
        ),
        migrations.AddConstraint(
            model_name='viewdefault',
            constraint=models.UniqueConstraint(condition=models.Q(('experiment__isnull', True), ('user__isnull', True)), fields=('workspace',), name='view_default_of_all_for_all_runs'),
        ),
        migrations.AddConstraint(
            model_name='viewrevision',
            constraint=models.UniqueConstraint(fields=('view', 'number'), name='view_revision_once'),
        ),
        migrations.AddConstraint(
            model_name='viewstar',
            constraint=models.UniqueConstraint(fields=('user', 'view'), name='view_star_once'),
        ),
        migrations.RunPython(count_changes, count_no_changes),
    ]
