"""Former names of experiments."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('runs', '0035_background_tasks'),
    ]

    operations = [
        migrations.CreateModel(
            name='FormerExperimentName',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=500)),
                ('experiment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='former_names', to='runs.experiment')),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='runs.workspace')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('workspace', 'name'), name='former_experiment_name_once')],
            },
        ),
    ]
