"""Change sets know what the activity page shows and filters without their changes."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import django.db.models.deletion
import runs.models.changes
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


BATCH = 1000
KINDS = {
    "name": "rename",
    "description": "describe",
    "picture": "describe",
    "conclusion": "describe",
    "tags": "tag",
    "archived": "archive",
    "deleted": "delete",
    "status": "status",
    "starred": "star",
    "locked": "lock",
    "members": "members",
    "queue": "compute",
}


def fill(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Set the columns of earlier change sets from their changes."""
    sets = apps.get_model("runs", "ChangeSet").objects.order_by("pk")
    last = 0
    while found := list(sets.filter(pk__gt=last)[:BATCH]):
        last = found[-1].pk
        fill_sets(apps, found)


def fill_sets(apps: Apps, found: list[Any]) -> None:
    changes = apps.get_model("runs", "Change").objects.order_by("pk")
    of_set: dict[int, list[Any]] = defaultdict(list)
    columns = ("change_set_id", "field", "run_id", "run__experiment_id")
    more = ("experiment_id", "view_id", "view__shared", "registered_model_id")
    keys = [each.pk for each in found]
    for row in changes.filter(change_set__in=keys).values(*columns, *more):
        of_set[row["change_set_id"]].append(row)
    filled = [each for each in found if of_set[each.pk]]
    for each in filled:
        fill_set(each, of_set[each.pk])
    names = [
        "kind",
        "experiment_id",
        "view_id",
        "is_personal",
        "run_count",
        "change_count",
    ]
    sets = apps.get_model("runs", "ChangeSet").objects
    sets.bulk_update(filled, names, batch_size=100)


def fill_set(change_set: Any, rows: list[dict[str, Any]]) -> None:
    places = {row["experiment_id"] or row["run__experiment_id"] for row in rows}
    change_set.experiment_id = places.pop() if len(places) == 1 else None
    change_set.view_id = rows[0]["view_id"]
    change_set.run_count = len({row["run_id"] for row in rows} - {None})
    change_set.change_count = len(rows)
    # Whether a view was shared at that time is not recorded.
    change_set.is_personal = all(
        row["field"] == "starred"
        or (row["view_id"] is not None and not row["view__shared"])
        for row in rows
    )
    change_set.kind = kind_of(change_set, rows[0])


def kind_of(change_set: Any, row: dict[str, Any]) -> str:
    field = row["field"].partition(".")[0].partition(":")[0]
    if change_set.is_compute:
        return "compute"
    if field == "starred":
        return "star"
    if row["view_id"] is not None:
        return "view"
    return "model" if row["registered_model_id"] else KINDS.get(field, "other")


class Migration(migrations.Migration):

    dependencies = [
        ('runs', '0036_experiment_names'),
    ]

    operations = [
        migrations.AddField(
            model_name='changeset',
            name='change_count',
            field=models.IntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='changeset',
            name='experiment',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='runs.experiment'),
        ),
        migrations.AddField(
            model_name='changeset',
            name='is_personal',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name='changeset',
            name='is_undone',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name='changeset',
            name='kind',
            field=models.CharField(choices=runs.models.changes.kind_choices, db_default='other', default='other', max_length=8),
        ),
        migrations.AddField(
            model_name='changeset',
            name='run_count',
            field=models.IntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='changeset',
            name='undone_by',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='undid', to='runs.changeset'),
        ),
        migrations.AddField(
            model_name='changeset',
            name='view',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='change_sets', to='runs.view'),
        ),
        migrations.AddField(
            model_name='changeset',
            name='way',
            field=models.CharField(choices=runs.models.changes.way_choices, db_default='', default='', max_length=8),
        ),
        migrations.AddIndex(
            model_name='changeset',
            index=models.Index(fields=['workspace', '-time', '-id'], name='changes_by_time'),
        ),
        migrations.AddIndex(
            model_name='changeset',
            index=models.Index(fields=['workspace', 'kind', '-time', '-id'], name='changes_of_kind'),
        ),
        migrations.AddIndex(
            model_name='changeset',
            index=models.Index(condition=models.Q(('token__isnull', False)), fields=['token', '-time', '-id'], name='changes_by_token'),
        ),
        migrations.AddIndex(
            model_name='changeset',
            index=models.Index(condition=models.Q(('experiment__isnull', False)), fields=['experiment', '-time', '-id'], name='changes_in_experiment'),
        ),
        migrations.AddIndex(
            model_name='changeset',
            index=models.Index(condition=models.Q(('undone_by__isnull', False)), fields=['undone_by'], name='changes_undone_by'),
        ),
        migrations.AddField(
            model_name='backgroundtask',
            name='way',
            field=models.CharField(choices=runs.models.changes.way_choices, db_default='', default='', max_length=8),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
