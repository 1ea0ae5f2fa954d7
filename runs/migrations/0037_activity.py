"""Change sets know what the activity page shows and filters without their changes."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import django.db.models.deletion
import runs.models.changes
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Count, Max, Min, Q
from django.db.models.functions import Coalesce


BATCH = 500
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
    changes = apps.get_model("runs", "Change").objects
    rows = changes.filter(change_set__in=[each.pk for each in found])
    # The database counts: a set can have very many changes.
    place = Coalesce("experiment", "run__experiment")
    by_set = rows.order_by().values("change_set")
    counted = by_set.annotate(
        changes=Count("pk"),
        first=Min("pk"),
        runs=Count("run", distinct=True),
        placed=Count(place),
        lowest=Min(place),
        highest=Max(place),
        seen=Count("pk", filter=Q(view__isnull=True) & ~Q(field="starred")),
    )
    facts = {each["change_set"]: each for each in counted}
    first = changes.defer("before", "after").in_bulk([each["first"] for each in facts.values()])
    seen = {key for key, each in facts.items() if each["seen"]}
    seen |= find_shared(apps, rows)
    filled = [each for each in found if each.pk in facts]
    for each in filled:
        fact = facts[each.pk]
        fill_set(each, fact, first[fact["first"]])
        each.is_personal = each.pk not in seen
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


def find_shared(apps: Apps, rows: Any) -> set[int]:
    """Return the sets with changes of views that were shared at that time."""
    of_views = rows.filter(view__isnull=False).exclude(field="starred")
    found = list(
        of_views.values_list("pk", "change_set", "view", "field", "view__shared")
    )
    changes = apps.get_model("runs", "Change").objects.filter(field="shared")
    shares: dict[int, list[tuple[int, Any]]] = defaultdict(list)
    some = changes.filter(view__in={view for _pk, _set, view, *_more in found})
    for pk, view, before in some.order_by("pk").values_list("pk", "view", "before"):
        shares[view].append((pk, before))

    def was_shared(pk: int, view: int, now: bool) -> bool:
        # What the view was is known from its next change.
        return next((bool(was) for later, was in shares[view] if later > pk), now)

    return {
        change_set
        for pk, change_set, view, field, now in found
        # Sharing and unsharing is itself seen.
        if field == "shared" or was_shared(pk, view, now)
    }


def fill_set(change_set: Any, fact: Any, first: Any) -> None:
    one_place = fact["placed"] == fact["changes"] and fact["lowest"] == fact["highest"]
    change_set.experiment_id = fact["lowest"] if one_place else None
    change_set.view_id = first.view_id
    change_set.run_count = fact["runs"]
    change_set.change_count = fact["changes"]
    change_set.kind = kind_of(change_set, first)


def kind_of(change_set: Any, change: Any) -> str:
    field = change.field.partition(".")[0].partition(":")[0]
    if change_set.is_compute:
        return "compute"
    if field == "starred":
        return "star"
    if change.view_id is not None:
        return "view"
    return "model" if change.registered_model_id else KINDS.get(field, "other")


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
