"""The values of many runs by column: as `columns` reads those of a page, but without
an object of the ORM for each run and metric, which would take most of the time."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

from django.db.models import F

from runs.models import Experiment, Metric, User
from runs.search import columns
from runs.search.scope import COMMITS, Scope
from runs.storage.prepared import PreparedRows
from studio.core.filters import tree
from studio.core.filters.tree import Field
from studio.core.statuses import RunStatus

#: For each field its values, a run after the other; None where it has none.
Columns = list[list[Any]]

#: What is read of a run, in the order of a LightRun.
COLUMNS = (
    *("pk", "run_id", "number", "name", "status", "target", "type", "script"),
    *("created", "started", "ended", "updated", "archived", "deleted", "locked"),
    *("parent_run_id", "experiment_id", "submitter_id", "root__run_id"),
    "error_kind",
)
#: These may be long, and are read where one of them is asked for.
HEAVY = ("description", "error")


class LightRun(NamedTuple):
    """A run's own columns, by the names that the run has them under."""

    pk: int
    run_id: str
    number: int
    name: str
    status: int
    target: str
    type: str
    script: str
    created: int
    started: int | None
    ended: int | None
    updated: int
    archived: int | None
    deleted: int | None
    locked: bool
    parent_run_id: str
    experiment_id: int
    submitter_id: int | None
    root_run_id: str | None
    error_kind: str | None
    description: str = ""
    error: str = ""


#: What is read of a metric.
_METRIC = (
    *("run_id", "key_id", "last", "last_is_nan", "last_text"),
    *("min", "max", "first", "first_is_nan", "count"),
)


class Reader:
    """Reads the values of `fields`, chunk after chunk; names are looked up once."""

    def __init__(self, scope: Scope, fields: Sequence[Field]) -> None:
        self.scope = scope
        self.fields = fields
        self.experiments: dict[int, Experiment] = {}
        self.people: dict[int, User] = {}

    def columns(self, runs: Sequence[LightRun]) -> Columns:
        ids = [run.pk for run in runs]
        self._look_up(runs)
        keyed = columns.texts_of(ids, self.fields, self.scope)
        metrics = self._metrics(ids)
        return [self._column(field, runs, keyed, metrics) for field in self.fields]

    def _look_up(self, runs: Sequence[LightRun]) -> None:
        homes = {run.experiment_id for run in runs} - self.experiments.keys()
        people = {run.submitter_id for run in runs} - self.people.keys() - {None}
        self.experiments |= Experiment.objects.in_bulk(list(homes)) if homes else {}
        self.people |= User.objects.in_bulk(list(people)) if people else {}

    def _column(
        self,
        field: Field,
        runs: Sequence[LightRun],
        keyed: dict[Field, dict[int, object]],
        metrics: dict[Field, dict[int, object]],
    ) -> list[Any]:
        known = metrics.get(field, keyed.get(field))
        if known is not None:
            return [known.get(run.pk) for run in runs]
        if field.kind == tree.CHILDREN:
            return self._children(field, runs)
        if field.kind != tree.ATTRIBUTE:
            return [None] * len(runs)
        return self._attribute(field, runs, keyed)

    def _attribute(
        self,
        field: Field,
        runs: Sequence[LightRun],
        keyed: dict[Field, dict[int, object]],
    ) -> list[Any]:
        if field.key == "tags":
            tags: dict[int, dict[str, str | None]] = {run.pk: {} for run in runs}
            for pk, name, value in columns.tag_rows(list(tags)):
                tags[pk][name] = value
            return list(tags.values())
        if field.key == "starred":
            starred = columns.starred_among([run.pk for run in runs], self.scope)
            return [run.pk in starred for run in runs]
        if field.key == "commit":
            found = [keyed[each] for each in COMMITS if each in keyed]
            return [_first([each.get(run.pk) for each in found]) for run in runs]
        told = self._told.get(field.key)
        if told is not None:
            return [told(self, run) for run in runs]
        own = {"id": "run_id", "parent": "parent_run_id"}.get(field.key, field.key)
        at = LightRun._fields.index(own)
        return [None if run[at] == "" else run[at] for run in runs]

    def _children(self, field: Field, runs: Sequence[LightRun]) -> list[Any]:
        counts = columns.children_among([run.pk for run in runs])
        return [columns.count_of(field, counts.get(run.pk, {})) for run in runs]

    def _submitter(self, run: LightRun) -> str | None:
        key = run.submitter_id
        return None if key is None else self.people[key].username

    def _is_deleted(self, run: LightRun) -> bool:
        home = self.experiments[run.experiment_id]
        return run.deleted is not None or home.deleted is not None

    _told: ClassVar[Mapping[str, Callable[[Reader, LightRun], object]]] = {
        "status": lambda _self, run: RunStatus.from_code(run.status).value,
        "experiment": lambda self, run: self.experiments[run.experiment_id].name,
        "submitter": _submitter,
        "duration": lambda self, run: columns.run_duration(run, self.scope.now),
        "archived": lambda _self, run: run.archived is not None,
        "deleted": _is_deleted,
        "root": lambda _self, run: run.root_run_id or run.run_id,
    }

    def _metrics(self, ids: Sequence[int]) -> dict[Field, dict[int, object]]:
        wanted = [field for field in self.fields if field.kind == tree.METRICS]
        by_key: dict[int, list[Field]] = defaultdict(list)
        for field in wanted:
            key = self.scope.key(field)
            if key is not None:
                by_key[key].append(field)
        found: dict[Field, dict[int, object]] = {field: {} for field in wanted}
        if by_key:
            for row in _metrics.all(list(ids), list(by_key)):
                for field in by_key[row[1]]:
                    found[field][row[0]] = _metric_value(row, field.aggregate)
        return found


def _metric_value(row: tuple[Any, ...], aggregate: str) -> object:
    """As `columns.metric_value` says it."""
    _run, _key, last, last_is_nan, text, least, greatest, first, is_nan, count = row
    if aggregate == "last":
        if last_is_nan:
            return math.nan
        return last if text is None else text
    if aggregate == "first":
        return math.nan if is_nan else first
    return {"min": least, "max": greatest, "count": count}[aggregate]


def _first(values: Sequence[object]) -> object:
    return next((value for value in values if value), None)


# As `columns._texts_by_run`: else SQLite reads every run that has the metric.
_metrics = PreparedRows(
    lambda runs, keys: (
        Metric.objects.filter(columns.among("run", runs))
        .annotate(known=F("key_id") + 0)
        .filter(columns.among("known", keys))
        .values_list(*_METRIC)
    )
)
