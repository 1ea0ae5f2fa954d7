"""Channels of alert rules, and deliveries to webhooks."""

import django.db.models.deletion
import runs.models.notify.channels
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('runs', '0046_alert_actions'),
    ]

    operations = [
        migrations.CreateModel(
            name='AlertRuleChannel',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
            ],
        ),
        migrations.AddField(
            model_name='delivery',
            name='facts',
            field=models.JSONField(null=True),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='user',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to=settings.AUTH_USER_MODEL),
        ),
        migrations.CreateModel(
            name='AlertChannel',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100)),
                ('format', models.CharField(choices=runs.models.notify.channels.hook_formats, max_length=12)),
                ('address', models.BinaryField()),
                ('secret', models.BinaryField()),
                ('is_enabled', models.BooleanField(default=True)),
                ('created', models.BigIntegerField()),
                ('changed', models.BigIntegerField()),
                ('deleted', models.BigIntegerField(null=True)),
                ('last_tried', models.BigIntegerField(null=True)),
                ('last_error', models.TextField(blank=True, default='')),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='alert_channels', to='runs.workspace')),
            ],
        ),
        migrations.AddField(
            model_name='delivery',
            name='channel',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='runs.alertchannel'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('channel__isnull', True), ('user__isnull', False)), models.Q(('channel__isnull', False), ('kind', 'webhook'), ('user__isnull', True)), _connector='OR'), name='delivery_has_one_recipient'),
        ),
        migrations.AddField(
            model_name='alertrulechannel',
            name='channel',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rule_rows', to='runs.alertchannel'),
        ),
        migrations.AddField(
            model_name='alertrulechannel',
            name='rule',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='channel_rows', to='runs.alertrule'),
        ),
        migrations.AddConstraint(
            model_name='alertchannel',
            constraint=models.UniqueConstraint(condition=models.Q(('deleted__isnull', True)), fields=('workspace', 'name'), name='alert_channel_name_once'),
        ),
        migrations.AddConstraint(
            model_name='alertrulechannel',
            constraint=models.UniqueConstraint(fields=('rule', 'channel'), name='alert_rule_channel_once'),
        ),
    ]
