"""One experiment's tags and history, and the tags that completion offers."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Prefetch

from runs.models import Change, ChangeSet, Experiment, ExperimentTag, Workspace
from runs.models.grams import SYSTEM_TAG_PREFIX

MAX_SUGGESTIONS, MAX_VALUE_CHARS = 20, 100


@dataclass(frozen=True)
class ExperimentChange:
    """A change set, and its changes of the experiment."""

    change_set: ChangeSet
    changes: list[Change]


def list_experiment_tags(experiment: Experiment) -> dict[str, str | None]:
    """Return the tags that people see, by key."""
    rows = ExperimentTag.objects.filter(experiment=experiment)
    rows = rows.exclude(key__startswith=SYSTEM_TAG_PREFIX).order_by("key")
    return dict(rows.values_list("key", "value"))


def suggest_experiment_tags(
    workspace: Workspace, key: str, value: str | None
) -> list[str]:
    """Suggest keys that begin with `key`; with a value, values of this key."""
    rows = ExperimentTag.objects.filter(experiment__workspace=workspace)
    rows = rows.exclude(key__startswith=SYSTEM_TAG_PREFIX)
    if value is None:
        found = rows.filter(key__istartswith=key).order_by("key")
        return list(found.values_list("key", flat=True).distinct()[:MAX_SUGGESTIONS])
    found = rows.filter(key=key, value__istartswith=value).order_by("value")
    values = found.values_list("value", flat=True).distinct()[:MAX_SUGGESTIONS]
    return [each for each in values if each and len(each) <= MAX_VALUE_CHARS]


def list_experiment_history(
    experiment: Experiment, limit: int
) -> tuple[list[ExperimentChange], bool]:
    """Return the newest changes first, and whether there are more.

    Stars are left out: they belong to one member.
    """
    own = Change.objects.filter(experiment=experiment).exclude(field="starred")
    newest = own.order_by("-change_set").values("change_set").distinct()
    # One more than the limit shows whether there are more.
    keys = [row["change_set"] for row in newest[: limit + 1]]
    sets = (
        ChangeSet.objects.filter(pk__in=keys)
        .select_related("actor", "token")
        .prefetch_related(Prefetch("changes", own.order_by("pk"), to_attr="of_it"))
        .order_by("-pk")
    )
    found = [ExperimentChange(each, each.of_it) for each in sets[:limit]]
    return found, len(keys) > limit
