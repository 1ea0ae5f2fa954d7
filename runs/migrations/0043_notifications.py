"""Follows, notifications, their delivery, and the status changes that cause them."""

from __future__ import annotations

import time

import django.db.models.deletion
import runs.models.notify.notifications
from django.conf import settings
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


DAY_MS = 24 * 3600 * 1000


def fill(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """List the status changes of the last 90 days; no member is notified of them."""
    editor.execute(
        """
        INSERT INTO runs_statuschange (event_id, workspace_id, is_open)
        SELECT e.id, r.workspace_id, %s FROM runs_runevent e
        JOIN runs_run r ON r.id = e.run_id
        WHERE e.time >= %s AND (e.old IS NULL OR e.old <> e.new)
        """,
        [False, int(time.time() * 1000) - 90 * DAY_MS],
    )


class Migration(migrations.Migration):

    dependencies = [
        ('runs', '0042_git_credentials'),
    ]

    operations = [
        migrations.CreateModel(
            name='NotificationSettings',
            fields=[
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='notification_settings', serialize=False, to=settings.AUTH_USER_MODEL)),
                ('statuses', models.JSONField(default=runs.models.notify.notifications.default_statuses)),
                ('email', models.BooleanField(default=True)),
            ],
        ),
        migrations.AddField(
            model_name='user',
            name='confirmed_email',
            field=models.EmailField(blank=True, max_length=254, null=True),
        ),
        migrations.CreateModel(
            name='Follow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created', models.BigIntegerField()),
                ('muted_until', models.BigIntegerField(null=True)),
                ('experiment', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='follows', to='runs.experiment')),
                ('run', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='follows', to='runs.run')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='follows', to=settings.AUTH_USER_MODEL)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='follows', to='runs.workspace')),
            ],
        ),
        migrations.CreateModel(
            name='Notification',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(choices=runs.models.notify.notifications.follow_reasons, max_length=10)),
                ('created', models.BigIntegerField()),
                ('read', models.BigIntegerField(null=True)),
                ('comment', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='runs.comment')),
                ('event', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='runs.runevent')),
                ('follow', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='runs.follow')),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='notifications', to=settings.AUTH_USER_MODEL)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notifications', to='runs.workspace')),
            ],
        ),
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=64, unique=True)),
                ('kind', models.CharField(choices=runs.models.notify.notifications.delivery_kinds, max_length=10)),
                ('address', models.CharField(blank=True, default='', max_length=254)),
                ('state', models.CharField(choices=runs.models.notify.notifications.delivery_states, default='waiting', max_length=10)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('created', models.BigIntegerField()),
                ('due', models.BigIntegerField()),
                ('ended', models.BigIntegerField(null=True)),
                ('error', models.TextField(blank=True, default='')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to=settings.AUTH_USER_MODEL)),
                ('workspace', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='runs.workspace')),
                ('notification', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='runs.notification')),
            ],
        ),
        migrations.CreateModel(
            name='StatusChange',
            fields=[
                ('event', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='runs.runevent')),
                ('is_open', models.BooleanField(default=True)),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='status_changes', to='runs.workspace')),
            ],
        ),
        migrations.AddConstraint(
            model_name='follow',
            constraint=models.UniqueConstraint(condition=models.Q(('run__isnull', False)), fields=('run', 'user'), name='follow_run_once'),
        ),
        migrations.AddConstraint(
            model_name='follow',
            constraint=models.UniqueConstraint(condition=models.Q(('experiment__isnull', False)), fields=('experiment', 'user'), name='follow_experiment_once'),
        ),
        migrations.AddConstraint(
            model_name='follow',
            constraint=models.UniqueConstraint(condition=models.Q(('experiment__isnull', True), ('run__isnull', True)), fields=('workspace', 'user'), name='follow_own_runs_once'),
        ),
        migrations.AddConstraint(
            model_name='follow',
            constraint=models.CheckConstraint(condition=models.Q(('run__isnull', True), ('experiment__isnull', True), _connector='OR'), name='follow_one_subject'),
        ),
        migrations.AddIndex(
            model_name='notification',
            index=models.Index(fields=['user', '-id'], name='notifications_newest'),
        ),
        migrations.AddIndex(
            model_name='notification',
            index=models.Index(condition=models.Q(('read__isnull', True)), fields=['user', '-id'], name='notifications_unread'),
        ),
        migrations.AddIndex(
            model_name='notification',
            index=models.Index(fields=['created'], name='notifications_by_age'),
        ),
        migrations.AddConstraint(
            model_name='notification',
            constraint=models.UniqueConstraint(condition=models.Q(('event__isnull', False)), fields=('event', 'user'), name='notify_of_event_once'),
        ),
        migrations.AddConstraint(
            model_name='notification',
            constraint=models.UniqueConstraint(condition=models.Q(('comment__isnull', False)), fields=('comment', 'user'), name='notify_of_comment_once'),
        ),
        migrations.AddConstraint(
            model_name='notification',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('comment__isnull', True), ('event__isnull', False)), models.Q(('comment__isnull', False), ('event__isnull', True)), _connector='OR'), name='notification_has_one_subject'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('state', 'waiting')), fields=['due', 'id'], name='deliveries_due'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(fields=['created'], name='deliveries_by_age'),
        ),
        migrations.AddIndex(
            model_name='statuschange',
            index=models.Index(fields=['workspace', '-event'], name='status_changes_by_arrival'),
        ),
        migrations.AddIndex(
            model_name='statuschange',
            index=models.Index(condition=models.Q(('is_open', True)), fields=['event'], name='status_changes_open'),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
