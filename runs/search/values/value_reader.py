"""Read fields' values of some runs: for cells, exports, charts and comparisons.

    reader = ValueReader(scope, fields)
    reader.read(runs) -> RunValues: columns() or of_run(run)

What a field's value is says its entry in `runs.search.fields`; what other tables hold
is read once for all runs, when the first value needs it. Runs are `Run` objects on a
page, and rows of few columns (`row_type`) where there are thousands.
"""

from __future__ import annotations

import math
from collections import defaultdict, namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Protocol

from django.db.models import Count, F, Q
from django.db.models.lookups import In

from runs.models import Comment, Experiment, Metric, Run, RunStar, RunTag, User
from runs.models.grams import SYSTEM_TAG_PREFIX
from runs.search.fields import OwnColumn, source_of
from runs.search.sql import TEXT_TABLES, Scope
from runs.storage.prepared import Prepared, PreparedRows
from studio.core.filters import tree
from studio.core.filters.tree import Field
from studio.core.git import shown_value
from studio.core.statuses import RunStatus

#: A run's tags by name, in the order of the names; None is a tag without a value.
Tags = Mapping[str, str | None]
#: How many direct children a run has, without deleted ones, by status.
ChildCounts = Mapping[RunStatus, int]
#: The comments on a run, the oldest first: the author's user name, and the text.
Comments = Sequence[tuple[str | None, str]]
#: For each field its values, one run after the other; None where a run has none.
Columns = list[list[Any]]

#: Columns that are read of every run; more are read for the fields that need them.
ALWAYS_READ = ("pk", "run_id", "experiment_id", "submitter_id")


def own_columns_to_read(fields: Iterable[Field]) -> tuple[str, ...]:
    """The run's own columns that the fields' values are read from."""
    needed = [name for field in fields for name in source_of(field).columns]
    return tuple(dict.fromkeys((*ALWAYS_READ, *needed)))


@lru_cache(maxsize=64)
def row_type(columns: tuple[str, ...]) -> Callable[..., Any]:
    """Return a function that turns a row of these columns into an object."""
    build: Any = namedtuple
    names = [name.replace("__", "_") for name in columns]
    make: Callable[..., Any] = build("RunColumns", names)._make
    return make


class ValueReader:
    """Reads the values of `fields`, batch after batch; names are looked up once."""

    def __init__(self, scope: Scope, fields: Iterable[Field]) -> None:
        self.scope = scope
        self.fields = tuple(fields)
        needed = [key for field in self.fields for key in source_of(field).keys]
        by_kind: dict[str, dict[int, list[Field]]] = {}
        for field in dict.fromkeys((*self.fields, *needed)):
            if field.kind in _TEXTS or field.kind == tree.METRICS:
                keys = by_kind.setdefault(field.kind, defaultdict(list))
                key = scope.key(field)
                if key is not None:
                    keys[key].append(field)
        self.keys: Mapping[str, Mapping[int, Sequence[Field]]] = by_kind
        self.experiments: dict[int, Experiment] = {}
        self.people: dict[int, User] = {}

    def read(self, runs: Sequence[Any]) -> RunValues:
        return RunValues(self, runs)


class RunValues:
    """The values of one batch of runs; the `RunContext` of their fields' entries."""

    def __init__(self, reader: ValueReader, runs: Sequence[Any]) -> None:
        self.reader, self.runs = reader, runs
        self.now = reader.scope.now
        self._ids = [run.pk for run in runs]
        self._is_page = not runs or isinstance(runs[0], Run)

    def columns(self) -> Columns:
        return [self.column(field) for field in self.reader.fields]

    def column(self, field: Field) -> list[Any]:
        """The field's value of each run; None where it has none."""
        source = source_of(field)
        value_of = source.value
        if value_of is None:
            return [None] * len(self.runs)
        if isinstance(value_of, OwnColumn):
            values = [getattr(run, value_of.name) for run in self.runs]
            if value_of.convert is not None:
                values = list(map(value_of.convert, values))
        else:
            values = [value_of(run, self, field) for run in self.runs]
        if source.by_key:
            # A tag without a value is empty, and is there.
            return values
        return [None if value == "" else value for value in values]

    def by_run(self) -> dict[int, dict[Field, object]]:
        """The values by the run's primary key; what a run lacks is left out."""
        found: dict[int, dict[Field, object]] = {pk: {} for pk in self._ids}
        for field in self.reader.fields:
            for pk, value in zip(self._ids, self.column(field), strict=True):
                if value is not None:
                    found[pk][field] = value
        return found

    def experiment(self, run: Any) -> Experiment:
        if self._is_page:
            attached: Experiment = run.experiment
            return attached
        return self._load_experiments[run.experiment_id]

    def submitter(self, run: Any) -> User | None:
        if self._is_page:
            attached: User | None = run.submitter
            return attached
        key = run.submitter_id
        return None if key is None else self._load_people[key]

    def root_id(self, run: Any) -> str:
        if self._is_page:
            return str(run.root.run_id if run.root else run.run_id)
        return str(run.root_run_id or run.run_id)

    def is_starred(self, run: Any) -> bool:
        return run.pk in self._load_starred

    def tags(self, run: Any) -> Tags:
        return self._load_tags.get(run.pk, {})

    def children(self, run: Any) -> ChildCounts:
        return self._load_child_counts.get(run.pk, {})

    def comments(self, run: Any) -> Comments:
        return self._load_comments.get(run.pk, ())

    def text(self, field: Field, run: Any) -> object:
        return self._load_texts[field].get(run.pk)

    def metric(self, field: Field, run: Any) -> object:
        return self._load_metrics[field].get(run.pk)

    @cached_property
    def _load_experiments(self) -> Mapping[int, Experiment]:
        known = self.reader.experiments
        missing = {run.experiment_id for run in self.runs} - known.keys()
        if missing:
            known |= {each.pk: each for each in _EXPERIMENTS.all(list(missing))}
        return known

    @cached_property
    def _load_people(self) -> Mapping[int, User]:
        known = self.reader.people
        missing = {run.submitter_id for run in self.runs} - known.keys() - {None}
        if missing:
            known |= {each.pk: each for each in _PEOPLE.all(list(missing))}
        return known

    @cached_property
    def _load_starred(self) -> set[int]:
        return {run for (run,) in _STARS.all(self.reader.scope.viewer.pk, self._ids)}

    @cached_property
    def _load_tags(self) -> Mapping[int, Tags]:
        found: dict[int, dict[str, str | None]] = defaultdict(dict)
        for run, name, value in _TAGS.all(self._ids):
            found[run][name] = value
        return found

    @cached_property
    def _load_child_counts(self) -> Mapping[int, ChildCounts]:
        found: dict[int, dict[RunStatus, int]] = defaultdict(dict)
        for parent, status, n in _CHILDREN.all(self._ids):
            found[parent][RunStatus.from_code(status)] = n
        return found

    @cached_property
    def _load_comments(self) -> Mapping[int, Comments]:
        found: dict[int, list[tuple[str | None, str]]] = defaultdict(list)
        for run, author, text in _COMMENTS.all(self._ids):
            found[run].append((author, text))
        return found

    @cached_property
    def _load_texts(self) -> Mapping[Field, Mapping[int, str]]:
        found: dict[Field, dict[int, str]] = defaultdict(dict)
        for kind, fields in self.reader.keys.items():
            if not fields or kind not in TEXT_TABLES:
                continue
            keys = list(fields)
            rows = (
                _TEXTS[kind].all(self._ids, keys)
                if self._is_page
                else _texts_of_many(kind, self._ids, keys)
            )
            for run, key, value in rows:
                for field in fields[key]:
                    shown = "" if value is None else shown_value(field.key, value)
                    found[field][run] = shown
        return found

    @cached_property
    def _load_metrics(self) -> Mapping[Field, Mapping[int, object]]:
        found: dict[Field, dict[int, object]] = defaultdict(dict)
        fields = self.reader.keys[tree.METRICS]
        if not fields:
            return found
        keys = list(fields)
        rows = (
            _METRICS.all(self._ids, keys)
            if self._is_page
            else _metrics_of_many(self._ids, keys)
        )
        for run, key, *numbers in rows:
            head = MetricNumbers(*numbers)
            for field in fields[key]:
                value = metric_value(head, field.aggregate)
                if value is not None:
                    found[field][run] = value
        return found


class MetricHead(Protocol):
    """What a metric's row keeps of its points."""

    @property
    def last(self) -> float | None: ...
    @property
    def last_is_nan(self) -> bool: ...
    @property
    def last_text(self) -> str | None: ...
    @property
    def first_is_nan(self) -> bool: ...


@dataclass(slots=True)
class MetricNumbers:
    """A MetricHead as it is read of many runs."""

    last: float | None
    last_is_nan: bool
    last_text: str | None
    min: float | None
    max: float | None
    first: float | None
    first_is_nan: bool
    count: int


def metric_value(head: MetricHead, aggregate: str) -> float | int | str | None:
    """The head's value: a number, NaN included, or the last value's text."""
    if aggregate == "last":
        if head.last_is_nan:
            return math.nan
        return head.last if head.last_text is None else head.last_text
    if aggregate == "first" and head.first_is_nan:
        return math.nan
    value: float | int | None = getattr(head, aggregate)
    return value


def attach_experiments_and_submitters(runs: Sequence[Run]) -> None:
    """Give the runs their experiments and submitters, which rows show.

    A join could start at an experiment, and sort all its runs.
    """
    experiments = {run.experiment_id for run in runs}
    people = {run.submitter_id for run in runs if run.submitter_id is not None}
    found = {each.pk: each for each in _EXPERIMENTS.all(list(experiments))}
    known = {each.pk: each for each in _PEOPLE.all(list(people))}
    for run in runs:
        run.experiment = found[run.experiment_id]
        if run.submitter_id is not None:
            run.submitter = known[run.submitter_id]


def all_texts(kind: str, ids: Sequence[int]) -> list[tuple[Any, ...]]:
    """All tags, parameters or properties of few runs: run, name and value."""
    rows: Any = TEXT_TABLES[kind].objects.filter(run__in=ids)
    return list(rows.values_list("run_id", "key__name", "value"))


def all_metrics(ids: Sequence[int]) -> list[tuple[Any, ...]]:
    """All metrics of few runs: run, name, kind, count, last, last_is_nan, last_text."""
    rows = Metric.objects.filter(run__in=ids)
    return list(
        rows.values_list(
            *("run_id", "key__name", "kind", "count"),
            *("last", "last_is_nan", "last_text"),
        )
    )


def _texts_of_many(kind: str, runs: Sequence[int], keys: Sequence[int]) -> Any:
    return _rows_of_many_runs(TEXT_TABLES[kind], runs, keys).values_list(*_TEXT_COLUMNS)


def _metrics_of_many(runs: Sequence[int], keys: Sequence[int]) -> Any:
    return _rows_of_many_runs(Metric, runs, keys).values_list(*_METRIC_COLUMNS)


def _rows_of_many_runs(table: Any, runs: Sequence[int], keys: Sequence[int]) -> Any:
    """The rows of thousands of runs.

    No index has a sum: otherwise SQLite would take the index on keys, and read every
    run that has them.
    """
    rows = table.objects.filter(run__in=runs).annotate(known=F("key_id") + 0)
    return rows.filter(known__in=keys)


def _column_in_values(name: str, values: Any) -> Q:
    """A relation's own look-up takes no prepared values."""
    return Q(In(F(name), values))


_TEXT_COLUMNS = ("run_id", "key_id", "value")
# Every page sends these for its rows. Composing them took longer than running them.
_TEXTS = {
    kind: PreparedRows(
        lambda runs, keys, table=table: table.objects.filter(
            _column_in_values("run", runs), _column_in_values("key", keys)
        ).values_list(*_TEXT_COLUMNS)
    )
    for kind, table in TEXT_TABLES.items()
}
_METRIC_COLUMNS = (
    *("run_id", "key_id", "last", "last_is_nan", "last_text"),
    *("min", "max", "first", "first_is_nan", "count"),
)
_METRICS = PreparedRows(
    lambda runs, keys: Metric.objects.filter(
        _column_in_values("run", runs), _column_in_values("key", keys)
    ).values_list(*_METRIC_COLUMNS)
)
#: The tags that people see.
_TAGS = PreparedRows(
    lambda runs: (
        RunTag.objects.filter(_column_in_values("run", runs))
        .exclude(key__name__startswith=SYSTEM_TAG_PREFIX)
        .order_by("key__name")
        .values_list("run_id", "key__name", "value")
    )
)
_COMMENTS = PreparedRows(
    lambda runs: (
        Comment.objects.active()
        .filter(_column_in_values("run", runs))
        .order_by("pk")
        .values_list("run_id", "author__username", "text")
    )
)
_STARS = PreparedRows(
    lambda viewer, runs: RunStar.objects.filter(
        _column_in_values("run", runs), user=viewer
    ).values_list("run_id")
)
_CHILDREN = PreparedRows(
    lambda runs: (
        Run.objects.not_deleted()
        .filter(_column_in_values("parent", runs))
        .order_by()
        .values_list("parent_id", "status")
        .annotate(n=Count("pk"))
    )
)
_EXPERIMENTS = Prepared(lambda keys: Experiment.objects.filter(pk__in=keys))
_PEOPLE = Prepared(lambda keys: User.objects.filter(pk__in=keys))
