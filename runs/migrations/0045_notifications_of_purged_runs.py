"""A message of an alert stays when the run that it names is purged."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('runs', '0044_alerts'),
    ]

    operations = [
        migrations.AlterField(
            model_name='notification',
            name='run',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='runs.run'),
        ),
    ]
