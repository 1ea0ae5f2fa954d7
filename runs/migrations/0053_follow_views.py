"""Views are followed, and alert rules notice which runs enter and leave them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('runs', '0052_files_by_run'),
    ]

    operations = [
        migrations.CreateModel(
            name='ViewWatch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('revision', models.PositiveIntegerField()),
                ('looks', models.PositiveBigIntegerField(default=0)),
                ('error', models.TextField(blank=True, default='')),
            ],
        ),
        migrations.CreateModel(
            name='ViewWatchRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='follow',
            name='follow_own_runs_once',
        ),
        migrations.RemoveConstraint(
            model_name='follow',
            name='follow_one_subject',
        ),
        migrations.RemoveConstraint(
            model_name='notification',
            name='notification_has_one_subject',
        ),
        migrations.AddField(
            model_name='follow',
            name='last_sent',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='follow',
            name='latest',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='runs.run'),
        ),
        migrations.AddField(
            model_name='follow',
            name='unsent',
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='follow',
            name='view',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='follows', to='runs.view'),
        ),
        migrations.AddField(
            model_name='notification',
            name='view',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='runs.view'),
        ),
        migrations.AddIndex(
            model_name='follow',
            index=models.Index(condition=models.Q(('unsent__gt', 0)), fields=['id'], name='follows_unsent'),
        ),
        migrations.AddConstraint(
            model_name='follow',
            constraint=models.UniqueConstraint(condition=models.Q(('experiment__isnull', True), ('run__isnull', True), ('view__isnull', True)), fields=('workspace', 'user'), name='follow_own_runs_once'),
        ),
        migrations.AddConstraint(
            model_name='follow',
            constraint=models.UniqueConstraint(condition=models.Q(('view__isnull', False)), fields=('view', 'user'), name='follow_view_once'),
        ),
        migrations.AddConstraint(
            model_name='follow',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('experiment__isnull', True), ('run__isnull', True)), models.Q(('run__isnull', True), ('view__isnull', True)), models.Q(('experiment__isnull', True), ('view__isnull', True)), _connector='OR'), name='follow_one_subject'),
        ),
        migrations.AddConstraint(
            model_name='notification',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('comment__isnull', True), ('event__isnull', False), ('rule__isnull', True), ('view__isnull', True)), models.Q(('comment__isnull', False), ('event__isnull', True), ('rule__isnull', True), ('view__isnull', True)), models.Q(('comment__isnull', True), ('event__isnull', True), ('rule__isnull', False), ('view__isnull', True)), models.Q(('comment__isnull', True), ('event__isnull', True), ('rule__isnull', True), ('view__isnull', False)), _connector='OR'), name='notification_has_one_subject'),
        ),
        migrations.AddField(
            model_name='viewwatch',
            name='view',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='runs.view'),
        ),
        migrations.AddField(
            model_name='viewwatch',
            name='viewer',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='viewwatchrun',
            name='run',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='runs.run'),
        ),
        migrations.AddField(
            model_name='viewwatchrun',
            name='watch',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='runs', to='runs.viewwatch'),
        ),
        migrations.AddConstraint(
            model_name='viewwatch',
            constraint=models.UniqueConstraint(fields=('view', 'viewer'), name='view_watch_once'),
        ),
        migrations.AddConstraint(
            model_name='viewwatchrun',
            constraint=models.UniqueConstraint(fields=('watch', 'run'), name='view_watch_run_once'),
        ),
    ]
