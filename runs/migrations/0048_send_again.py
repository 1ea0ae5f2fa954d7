"""Deliveries that were given up can be sent again."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('runs', '0047_webhook_channels'),
    ]

    operations = [
        migrations.AddField(
            model_name='delivery',
            name='resent',
            field=models.BigIntegerField(null=True),
        ),
    ]
