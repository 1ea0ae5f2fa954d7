"""Experiments that one action changes together: which, with how many runs and tags."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from django.db.models import Count, Sum

from runs.models import Experiment, ExperimentTag, RunCount, User, Workspace, now_ms
from runs.models.grams import SYSTEM_TAG_PREFIX
from runs.search.experiments.experiment_filter import (
    ExperimentFilter,
    parse_experiment_filter,
)
from runs.search.run_list import TagUse
from runs.search.sql import time_limit
from studio.core.filters.tree import attribute, fields_of

#: Tags that the dialog of tags lists.
MAX_TAGS = 100


def find_experiment_keys(
    viewer: User, workspace: Workspace, text: str, *, limit: int
) -> list[int]:
    """Return the keys of experiments that the filter finds, archived ones too.

    Those in the trash are found only if the filter names `deleted`. Raises InvalidValue
    for a field that experiments don't have.
    """
    node = parse_experiment_filter(text)
    rows = Experiment.objects.visible_to(viewer).filter(workspace=workspace)
    if attribute("deleted") not in fields_of(node):
        rows = rows.active()
    with time_limit():
        wanted = ExperimentFilter(viewer, workspace, now_ms()).condition(node)
        found = rows.filter(wanted).order_by("pk").values_list("pk", flat=True)
        return list(found[:limit])


def find_selected_experiments(
    viewer: User, workspace: Workspace, numbers: Collection[int]
) -> list[Experiment]:
    """Return the experiments with these numbers that the user can see, by name."""
    rows = Experiment.objects.visible_to(viewer).filter(workspace=workspace)
    return list(rows.filter(number__in=numbers).order_by("name", "pk"))


def count_runs_of_experiments(keys: Collection[int]) -> int:
    """Return how many runs the experiments have, without those in the trash."""
    rows = RunCount.objects.filter(experiment__in=keys)
    return int(rows.aggregate(n=Sum("runs"))["n"] or 0)


def count_experiment_tags(keys: Collection[int]) -> list[TagUse]:
    """Return the most frequent tags of these experiments, as members see them."""
    rows = ExperimentTag.objects.filter(experiment__in=keys)
    own = rows.exclude(key__startswith=SYSTEM_TAG_PREFIX)
    counts: dict[str, Counter[str | None]] = {}
    counted = own.values_list("key", "value").annotate(n=Count("pk")).order_by()
    for key, value, n in counted:
        counts.setdefault(key, Counter())[value] += n
    found = [TagUse(key, tuple(values.most_common())) for key, values in counts.items()]
    return sorted(found, key=lambda use: (-use.count, use.key))[:MAX_TAGS]
