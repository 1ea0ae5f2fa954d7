"""An index of the messages that are due for a channel."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('runs', '0048_send_again'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('channel__isnull', False), ('state', 'waiting')), fields=['channel', 'due', 'id'], name='deliveries_due_by_channel'),
        ),
    ]
