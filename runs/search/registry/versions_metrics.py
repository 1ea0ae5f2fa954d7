"""Metric values of versions: of their logged model, else of their run."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from django.db.models import F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from runs.models import (
    KeyKind,
    LoggedModelMetric,
    Metric,
    MetricKind,
    ModelVersion,
    RegisteredModel,
)
from runs.search.run_list import find_goals
from studio.core.filters.tree import METRICS, Field
from studio.core.names import is_system_metric

#: The last value by metric name.
MetricValues = Mapping[str, float]

#: Versions in the chart, and among which the best value is found: the newest ones.
MAX_CHARTED = 200
#: Metrics are listed of this number of the newest versions.
NAMING_VERSIONS = 10
MAX_NAMES = 500


class PointsToMetrics(Protocol):
    """What of a version tells where its metrics are."""

    @property
    def pk(self) -> int: ...
    @property
    def run_id(self) -> int | None: ...
    @property
    def logged_model_id(self) -> int | None: ...


@dataclass(frozen=True)
class ChartedVersion:
    pk: int
    number: int
    run_id: int | None
    logged_model_id: int | None
    experiment_id: int | None
    metrics: MetricValues


@dataclass(frozen=True)
class _VersionKeys:
    pk: int
    number: int
    run_id: int | None
    logged_model_id: int | None
    experiment_id: int | None


def read_metric_values(
    versions: Sequence[PointsToMetrics], names: Sequence[str] | None = None
) -> dict[int, dict[str, float]]:
    """Read the last values by the version's primary key, in two queries.

    `names` limits them to these metrics. Values that are not numbers are left out.
    """
    if names is not None and not names:
        return {}
    models = {each.logged_model_id for each in versions} - {None}
    runs = {each.run_id for each in versions} - {None}
    of_models = _values_of_models(models, names)
    of_runs = _values_of_runs(runs, names)
    return {
        each.pk: {
            **of_runs.get(each.run_id, {}),
            **of_models.get(each.logged_model_id, {}),
        }
        for each in versions
    }


def _values_of_models(
    models: set[int | None], names: Sequence[str] | None
) -> dict[int | None, dict[str, float]]:
    rows = LoggedModelMetric.objects.filter(model__in=models)
    if names is not None:
        rows = rows.filter(key__in=names)
    found: dict[int | None, dict[str, float]] = defaultdict(dict)
    # One metric can have a value for each dataset: the newest is shown.
    columns = ("model", "key", "value", "is_nan")
    for model, key, value, is_nan in rows.order_by("time", "pk").values_list(*columns):
        if value is not None or is_nan:
            found[model][key] = math.nan if is_nan else value
    return found


def _values_of_runs(
    runs: set[int | None], names: Sequence[str] | None
) -> dict[int | None, dict[str, float]]:
    rows = Metric.objects.filter(run__in=runs, kind=MetricKind.SERIES)
    if names is not None:
        rows = rows.filter(key__name__in=names)
    found: dict[int | None, dict[str, float]] = defaultdict(dict)
    columns = ("run", "key__name", "last", "last_is_nan")
    for run, key, value, is_nan in rows.order_by().values_list(*columns):
        if value is not None or is_nan:
            found[run][key] = math.nan if is_nan else value
    return found


def read_newest_versions(
    model: RegisteredModel, names: Sequence[str]
) -> list[ChartedVersion]:
    """Return the newest versions with these metrics, the oldest of them first."""
    columns = ("pk", "number", "run_id", "logged_model_id")
    rows = ModelVersion.objects.filter(model=model).order_by("-number")
    keys = [
        _VersionKeys(*row)
        for row in rows.annotate(
            experiment=Coalesce("run__experiment", "logged_model__experiment")
        ).values_list(*columns, "experiment")[:MAX_CHARTED]
    ]
    values = read_metric_values(keys, names)
    return [
        ChartedVersion(
            each.pk,
            each.number,
            each.run_id,
            each.logged_model_id,
            each.experiment_id,
            values.get(each.pk, {}),
        )
        for each in reversed(keys)
    ]


def list_metric_names(model: RegisteredModel) -> list[str]:
    """Return the names of the metrics of the newest versions, system metrics last.

    Names that more of these versions have come first.
    """
    newest = list(
        ModelVersion.objects.filter(model=model)
        .order_by("-number")
        .values_list("run_id", "logged_model_id")[:NAMING_VERSIONS]
    )
    counts: dict[str, int] = defaultdict(int)
    of_models = LoggedModelMetric.objects.filter(model__in={m for _r, m in newest if m})
    pairs = of_models.order_by().values_list("model", "key").distinct()[:MAX_NAMES]
    of_runs = Metric.objects.filter(
        run__in={r for r, _m in newest if r}, kind=MetricKind.SERIES
    )
    more = of_runs.order_by().values_list("run", "key__name")[:MAX_NAMES]
    for _owner, name in [*pairs, *more]:
        counts[name] += 1
    return sorted(
        counts, key=lambda name: (is_system_metric(name), -counts[name], name)
    )


def find_metric_goals(
    versions: Sequence[ChartedVersion], names: Sequence[str]
) -> dict[str, bool]:
    """Return whether higher is better, for metrics whose goal is known."""
    return _goals((each.experiment_id for each in versions), names)


def find_goals_of_versions(
    versions: Sequence[ModelVersion], names: Sequence[str]
) -> dict[str, bool]:
    """The same, for versions with their runs and logged models."""
    owners = ((each.run or each.logged_model) for each in versions)
    return _goals((each.experiment_id if each else None for each in owners), names)


def _goals(experiments: Iterable[int | None], names: Sequence[str]) -> dict[str, bool]:
    known = {each for each in experiments if each is not None}
    goals = find_goals(known, [Field(METRICS, name, "last") for name in names])
    return {field.key: higher for field, higher in goals.items()}


def order_by_metric(
    rows: QuerySet[ModelVersion], name: str, *, descending: bool
) -> QuerySet[ModelVersion]:
    of_model = LoggedModelMetric.objects.filter(
        model=OuterRef("logged_model"), key=name
    ).order_by("-time", "-pk")
    of_run = Metric.objects.filter(
        run=OuterRef("run"),
        kind=MetricKind.SERIES,
        key__name=name,
        key__kind=KeyKind.METRIC,
    )
    value = Coalesce(
        Subquery(of_model.values("value")[:1]), Subquery(of_run.values("last")[:1])
    )
    column = F("sorted_by")
    order = column.desc(nulls_last=True) if descending else column.asc(nulls_last=True)
    return rows.annotate(sorted_by=value).order_by(order, "-number")
