"""Indexes that lists of a million runs are read by, and counts that are kept.

Foreign keys whose index another one begins with lose theirs: each costs every write. The
indexes are dropped as such, for Django would copy the tables on SQLite, and a copy has no
triggers.
"""

from __future__ import annotations

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

import runs.models.functions
from runs.models import rollups

SPARE = {
    "IngestBatch": ["run"],
    "Metric": ["key", "run"],
    "MetricChunk": ["metric"],
    "Run": ["experiment", "parent", "root", "workspace"],
    "RunParam": ["key", "run"],
    "RunProperty": ["key", "run"],
    "RunTag": ["key", "run"],
}


def drop_spare(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    for model_name, names in SPARE.items():
        model = apps.get_model("runs", model_name)
        for name in names:
            column = model._meta.get_field(name).column
            index = editor._create_index_name(model._meta.db_table, [column])  # type: ignore[attr-defined]
            editor.execute(f'DROP INDEX IF EXISTS "{index}"')


def create_spare(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    for model_name, names in SPARE.items():
        model = apps.get_model("runs", model_name)
        for name in names:
            field = model._meta.get_field(name)
            sql = editor._create_index_sql(model, fields=[field])  # type: ignore[attr-defined]
            editor.execute(sql)


def keep_counts(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    rollups.install(editor.connection)
    rollups.recount(editor.connection)


def keep_no_counts(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    rollups.remove(editor.connection)


class Migration(migrations.Migration):
    dependencies = [("runs", "0003_search_text")]

    operations = [
        migrations.SeparateDatabaseAndState(
            # Before the new ones are there, of which some are of one column too.
            database_operations=[migrations.RunPython(drop_spare, create_spare)],
            state_operations=[
                migrations.AlterField(
                    model_name='ingestbatch',
                    name='run',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='batches', to='runs.run'),
                ),
                migrations.AlterField(
                    model_name='metric',
                    name='key',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='runs.key'),
                ),
                migrations.AlterField(
                    model_name='metric',
                    name='run',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='metrics', to='runs.run'),
                ),
                migrations.AlterField(
                    model_name='metricchunk',
                    name='metric',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='chunks', to='runs.metric'),
                ),
                migrations.AlterField(
                    model_name='run',
                    name='experiment',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='runs', to='runs.experiment'),
                ),
                migrations.AlterField(
                    model_name='run',
                    name='parent',
                    field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='children', to='runs.run'),
                ),
                migrations.AlterField(
                    model_name='run',
                    name='root',
                    field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='descendants', to='runs.run'),
                ),
                migrations.AlterField(
                    model_name='run',
                    name='workspace',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='runs', to='runs.workspace'),
                ),
                migrations.AlterField(
                    model_name='runparam',
                    name='key',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='runs.key'),
                ),
                migrations.AlterField(
                    model_name='runparam',
                    name='run',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='params', to='runs.run'),
                ),
                migrations.AlterField(
                    model_name='runproperty',
                    name='key',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='runs.key'),
                ),
                migrations.AlterField(
                    model_name='runproperty',
                    name='run',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='properties', to='runs.run'),
                ),
                migrations.AlterField(
                    model_name='runtag',
                    name='key',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='runs.key'),
                ),
                migrations.AlterField(
                    model_name='runtag',
                    name='run',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='tags', to='runs.run'),
                ),
            ],
        ),
        migrations.CreateModel(
            name='RunCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('experiment', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='run_counts', to='runs.experiment')),
                ('status', models.PositiveSmallIntegerField()),
                ('is_root', models.BooleanField()),
                ('is_archived', models.BooleanField()),
                ('runs', models.BigIntegerField()),
            ],
        ),
        migrations.AddIndex(
            model_name='metric',
            index=models.Index(fields=['key', 'last', 'run'], name='metric_by_last'),
        ),
        migrations.AddIndex(
            model_name='metric',
            index=models.Index(fields=['key', 'min', 'run'], name='metric_by_min'),
        ),
        migrations.AddIndex(
            model_name='metric',
            index=models.Index(fields=['key', 'max', 'run'], name='metric_by_max'),
        ),
        migrations.AddIndex(
            model_name='run',
            index=models.Index(models.F('workspace'), models.OrderBy(runs.models.functions.StartOrder(models.F('started')), descending=True), models.F('run_id'), name='run_by_start'),
        ),
        migrations.AddIndex(
            model_name='run',
            index=models.Index(condition=models.Q(('parent__isnull', False)), fields=['parent', '-id'], name='run_has_parent'),
        ),
        migrations.AddIndex(
            model_name='run',
            index=models.Index(condition=models.Q(('root__isnull', False)), fields=['root', '-id'], name='run_has_root'),
        ),
        migrations.AddIndex(
            model_name='runparam',
            index=models.Index(models.F('key'), runs.models.functions.Beginning(models.F('value')), models.F('run'), name='run_param_by_value'),
        ),
        migrations.AddIndex(
            model_name='runparam',
            index=models.Index(condition=models.Q(('number__isnull', False)), fields=['key', 'number', 'run'], name='run_param_by_number'),
        ),
        migrations.AddIndex(
            model_name='runproperty',
            index=models.Index(models.F('key'), runs.models.functions.Beginning(models.F('value')), models.F('run'), name='run_property_by_value'),
        ),
        migrations.AddIndex(
            model_name='runproperty',
            index=models.Index(condition=models.Q(('number__isnull', False)), fields=['key', 'number', 'run'], name='run_property_by_number'),
        ),
        migrations.AddIndex(
            model_name='runtag',
            index=models.Index(models.F('key'), runs.models.functions.Beginning(models.F('value')), models.F('run'), name='run_tag_by_value'),
        ),
        migrations.AddIndex(
            model_name='runtag',
            index=models.Index(condition=models.Q(('number__isnull', False)), fields=['key', 'number', 'run'], name='run_tag_by_number'),
        ),
        migrations.AddIndex(
            model_name='experiment',
            index=models.Index(condition=models.Q(('deleted__isnull', False)), fields=['workspace', 'deleted'], name='experiment_in_trash'),
        ),
        migrations.AddIndex(
            model_name='run',
            index=models.Index(fields=['workspace', 'created'], name='runs_run_workspa_85bb0f_idx'),
        ),
        migrations.AddIndex(
            model_name='run',
            index=models.Index(condition=models.Q(('archived__isnull', False)), fields=['workspace', '-id'], name='run_in_archive'),
        ),
        migrations.RunPython(keep_counts, keep_no_counts),
    ]
