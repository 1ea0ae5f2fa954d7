"""Alert rules, the alerts that they fired, and their notifications."""

import django.db.models.deletion
import runs.models.notify.alerts
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('runs', '0043_notifications'),
    ]

    operations = [
        migrations.CreateModel(
            name='AlertMatch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('time', models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name='AlertRecipient',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('is_listed', models.BooleanField(default=False)),
                ('is_out', models.BooleanField(default=False)),
                ('muted_until', models.BigIntegerField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='AlertRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100)),
                ('q', models.TextField(blank=True, default='')),
                ('condition', models.CharField(choices=runs.models.notify.alerts.alert_conditions, max_length=10)),
                ('settings', models.JSONField(default=dict)),
                ('severity', models.PositiveSmallIntegerField(choices=runs.models.notify.alerts.severities, default=2)),
                ('is_enabled', models.BooleanField(default=True)),
                ('to_submitter', models.BooleanField(default=False)),
                ('throttle', models.PositiveIntegerField(default=30)),
                ('resolve_after', models.PositiveIntegerField(null=True)),
                ('created', models.BigIntegerField()),
                ('changed', models.BigIntegerField()),
                ('deleted', models.BigIntegerField(null=True)),
                ('last_sent', models.BigIntegerField(null=True)),
                ('error', models.TextField(blank=True, default='')),
            ],
        ),
        migrations.CreateModel(
            name='FiredAlert',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('started', models.BigIntegerField()),
                ('last', models.BigIntegerField()),
                ('matches', models.PositiveIntegerField(default=0)),
                ('unsent', models.PositiveIntegerField(default=0)),
                ('acknowledged', models.BigIntegerField(null=True)),
                ('resolved', models.BigIntegerField(null=True)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='notification',
            name='notification_has_one_subject',
        ),
        migrations.AddField(
            model_name='notification',
            name='count',
            field=models.PositiveIntegerField(default=1),
        ),
        migrations.AddField(
            model_name='notification',
            name='run',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='runs.run'),
        ),
        migrations.AddField(
            model_name='alertmatch',
            name='run',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='runs.run'),
        ),
        migrations.AddField(
            model_name='alertrecipient',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='alertrule',
            name='author',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='alertrule',
            name='workspace',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='alert_rules', to='runs.workspace'),
        ),
        migrations.AddField(
            model_name='alertrecipient',
            name='rule',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='recipients', to='runs.alertrule'),
        ),
        migrations.AddField(
            model_name='alertmatch',
            name='rule',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='matches', to='runs.alertrule'),
        ),
        migrations.AddField(
            model_name='notification',
            name='rule',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='runs.alertrule'),
        ),
        migrations.AddConstraint(
            model_name='notification',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('comment__isnull', True), ('event__isnull', False), ('rule__isnull', True)), models.Q(('comment__isnull', False), ('event__isnull', True), ('rule__isnull', True)), models.Q(('comment__isnull', True), ('event__isnull', True), ('rule__isnull', False)), _connector='OR'), name='notification_has_one_subject'),
        ),
        migrations.AddField(
            model_name='firedalert',
            name='acknowledged_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='firedalert',
            name='rule',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='fired', to='runs.alertrule'),
        ),
        migrations.AddField(
            model_name='firedalert',
            name='run',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='runs.run'),
        ),
        migrations.AddConstraint(
            model_name='alertrule',
            constraint=models.UniqueConstraint(condition=models.Q(('deleted__isnull', True)), fields=('workspace', 'name'), name='alert_rule_name_once'),
        ),
        migrations.AddConstraint(
            model_name='alertrule',
            constraint=models.CheckConstraint(condition=models.Q(('severity__lte', 4)), name='alert_severity_known'),
        ),
        migrations.AddConstraint(
            model_name='alertrecipient',
            constraint=models.UniqueConstraint(fields=('rule', 'user'), name='alert_recipient_once'),
        ),
        migrations.AddConstraint(
            model_name='alertmatch',
            constraint=models.UniqueConstraint(fields=('rule', 'run'), name='alert_match_once'),
        ),
        migrations.AddIndex(
            model_name='firedalert',
            index=models.Index(fields=['rule', '-id'], name='fired_alerts_of_rule'),
        ),
        migrations.AddIndex(
            model_name='firedalert',
            index=models.Index(condition=models.Q(('unsent__gt', 0)), fields=['id'], name='fired_alerts_unsent'),
        ),
        migrations.AddIndex(
            model_name='firedalert',
            index=models.Index(condition=models.Q(('resolved__isnull', True)), fields=['last'], name='fired_alerts_open'),
        ),
    ]
