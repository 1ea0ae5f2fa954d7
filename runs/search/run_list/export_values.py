"""The values of many runs by column: as `columns` reads those of a page, but without
an object of the ORM for each run and metric, which would take most of the time."""

from __future__ import annotations

import math
from collections import defaultdict, namedtuple
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

from django.db.models import F

from runs.models import Experiment, Metric, User
from runs.search.fields import source_of
from runs.search.run_list import columns
from runs.search.sql.scope import Scope
from runs.storage.prepared import PreparedRows
from studio.core.filters import fields, tree
from studio.core.filters.tree import Field

#: For each field its values, a run after the other; None where it has none.
Columns = list[list[Any]]

#: What is read of every run; more columns are read for the fields that need them.
ALWAYS = ("pk", "run_id", "experiment_id", "submitter_id")
#: A row of `columns_read`, with the names of the columns as attributes.
LightRun = Any


def columns_read(fields: Iterable[Field]) -> tuple[str, ...]:
    """The run's own columns that the fields' values are read from."""
    needed = [name for field in fields for name in source_of(field).columns]
    return tuple(dict.fromkeys((*ALWAYS, *needed)))


@lru_cache(maxsize=64)
def row_type(columns: tuple[str, ...]) -> Callable[..., LightRun]:
    """What makes a LightRun of the columns' values."""
    make: Any = namedtuple
    names = [name.replace("__", "_") for name in columns]
    made: Callable[..., LightRun] = make("LightRun", names)._make
    return made


#: What is read of a metric.
_METRIC = (
    *("run_id", "key_id", "last", "last_is_nan", "last_text"),
    *("min", "max", "first", "first_is_nan", "count"),
)


class Reader:
    """Reads the values of `fields`, chunk after chunk; names are looked up once.

    It is the context in which the fields' sources read a run's value.
    """

    def __init__(self, scope: Scope, fields: Sequence[Field]) -> None:
        self.scope = scope
        self.fields = fields
        self.now = scope.now
        self.experiments: dict[int, Experiment] = {}
        self.people: dict[int, User] = {}
        self._texts: dict[Field, dict[int, object]] = {}
        self._starred: set[int] = set()
        self._tags: dict[int, dict[str, str | None]] = {}

    def columns(self, runs: Sequence[LightRun]) -> Columns:
        ids = [run.pk for run in runs]
        self._look_up(runs, ids)
        metrics = self._metrics(ids)
        return [self._column(field, runs, metrics) for field in self.fields]

    def _look_up(self, runs: Sequence[LightRun], ids: Sequence[int]) -> None:
        homes = {run.experiment_id for run in runs} - self.experiments.keys()
        people = {run.submitter_id for run in runs} - self.people.keys() - {None}
        self.experiments |= Experiment.objects.in_bulk(list(homes)) if homes else {}
        self.people |= User.objects.in_bulk(list(people)) if people else {}
        self._texts = columns.texts_of(ids, self.fields, self.scope)
        if tree.attribute("starred") in self.fields:
            self._starred = columns.starred_among(ids, self.scope)
        if tree.attribute("tags") in self.fields:
            self._tags = {pk: {} for pk in ids}
            for pk, name, value in columns.tag_rows(ids):
                self._tags[pk][name] = value

    def _column(
        self,
        field: Field,
        runs: Sequence[LightRun],
        metrics: dict[Field, dict[int, object]],
    ) -> list[Any]:
        known = metrics.get(field, self._texts.get(field))
        if known is not None:
            return [known.get(run.pk) for run in runs]
        if field.kind == tree.CHILDREN:
            return self._children(field, runs)
        value_of = source_of(field).value
        if value_of is None:
            return [None] * len(runs)
        found = [value_of(run, self) for run in runs]
        if fields.value_type(field) == fields.STATUS:
            return [str(value) for value in found]
        return [None if value == "" else value for value in found]

    def _children(self, field: Field, runs: Sequence[LightRun]) -> list[Any]:
        counts = columns.children_among([run.pk for run in runs])
        return [columns.count_of(field, counts.get(run.pk, {})) for run in runs]

    def experiment(self, run: LightRun) -> Experiment:
        return self.experiments[run.experiment_id]

    def submitter(self, run: LightRun) -> User | None:
        key = run.submitter_id
        return None if key is None else self.people[key]

    def root_id(self, run: LightRun) -> str:
        return str(run.root_run_id or run.run_id)

    def is_starred(self, run: LightRun) -> bool:
        return run.pk in self._starred

    def tags(self, run: LightRun) -> dict[str, str | None]:
        return self._tags[run.pk]

    def text(self, field: Field, run: LightRun) -> object:
        return self._texts[field].get(run.pk)

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


# As `columns._texts_by_run`: else SQLite reads every run that has the metric.
_metrics = PreparedRows(
    lambda runs, keys: (
        Metric.objects.filter(columns.among("run", runs))
        .annotate(known=F("key_id") + 0)
        .filter(columns.among("known", keys))
        .values_list(*_METRIC)
    )
)
