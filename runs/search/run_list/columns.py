"""The values of the asked columns, for the rows of one page, in few queries."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any

from django.db.models import Count, F, Q
from django.db.models.lookups import In

from runs.models import Experiment, Metric, Run, RunStar, RunTag, User
from runs.models.grams import SYSTEM_TAG_PREFIX
from runs.search.fields import source_of
from runs.search.sql.exists_conditions import TABLES
from runs.search.sql.scope import Scope
from runs.storage.prepared import Prepared, PreparedRows
from studio.core.filters import tree
from studio.core.filters.fields import statuses_of
from studio.core.filters.tree import Field
from studio.core.statuses import RunStatus

#: How many direct children a run has, the trash left out, by status.
Children = Mapping[int, Mapping[RunStatus, int]]
Values = dict[int, dict[Field, object]]
Tags = Mapping[int, Sequence[tuple[str, str | None]]]
Texts = Mapping[Field, Mapping[int, object]]


@dataclass(frozen=True)
class PageContext:
    """What other tables say about the runs of a page, to which they are attached."""

    now: int
    texts: Texts
    starred: Collection[int] = ()
    tag_lists: Tags = dataclass_field(default_factory=dict)

    def experiment(self, run: Run) -> Experiment:
        return run.experiment

    def submitter(self, run: Run) -> User | None:
        return run.submitter

    def root_id(self, run: Run) -> str:
        return run.root.run_id if run.root else run.run_id

    def is_starred(self, run: Run) -> bool:
        return run.pk in self.starred

    def tags(self, run: Run) -> dict[str, str | None]:
        return dict(self.tag_lists.get(run.pk, ()))

    def text(self, field: Field, run: Run) -> object:
        return self.texts[field].get(run.pk)


def values_of(
    runs: Sequence[Run],
    fields: Iterable[Field],
    scope: Scope,
    children: Children,
    *,
    starred: Collection[int] = (),
    tags: Tags | None = None,
) -> Values:
    """The fields' values by the run's primary key; what is missing is not there."""
    asked = set(fields)
    found: Values = {run.pk: {} for run in runs}
    ids = list(found)
    needed = {key for field in asked for key in source_of(field).keys}
    texts: dict[Field, dict[int, object]] = {}
    for kind in TABLES:
        texts |= _read_texts(kind, asked | needed, ids, scope)
    for field in asked & texts.keys():
        for pk, text in texts[field].items():
            found[pk][field] = text
    _read_metrics([f for f in asked if f.kind == tree.METRICS], ids, scope, found)
    for field in asked:
        if field.kind == tree.CHILDREN:
            _sum_children(field, children, found)
    context = PageContext(scope.now, texts, starred, tags or {})
    _read_own(runs, asked, context, found)
    return found


def _read_own(
    runs: Sequence[Run], asked: Iterable[Field], context: PageContext, found: Values
) -> None:
    """What the runs' own columns, and those of the context, say."""
    for field in asked:
        value_of = source_of(field).value
        if value_of is None:
            continue
        for run in runs:
            value = value_of(run, context)
            if value is not None and value != "":
                found[run.pk][field] = value


def _read_texts(
    kind: str, fields: Iterable[Field], ids: Sequence[int], scope: Scope
) -> dict[Field, dict[int, object]]:
    found: dict[Field, dict[int, object]] = {f: {} for f in fields if f.kind == kind}
    by_key = {scope.key(field): field for field in found}
    by_key.pop(None, None)
    if by_key:
        for run, key, value in _texts[kind].all(list(ids), list(by_key)):
            # A tag that is only a word has no value to show, and yet is there.
            found[by_key[key]][run] = "" if value is None else value
    return found


def texts_of(
    ids: Sequence[int], fields: Iterable[Field], scope: Scope
) -> dict[Field, dict[int, object]]:
    """Tags, parameters and properties by field and run: asked ones, and needed ones."""
    asked = {each for field in fields for each in (field, *source_of(field).keys)}
    found: dict[Field, dict[int, object]] = {}
    for kind in TABLES:
        keyed = {field for field in asked if field.kind == kind}
        by_key = {scope.key(field): field for field in keyed}
        found |= {field: {} for field in keyed}
        by_key.pop(None, None)
        if not by_key:
            continue
        for run, key, value in _texts_by_run[kind].all(list(ids), list(by_key)):
            found[by_key[key]][run] = "" if value is None else value
    return found


def _read_metrics(
    fields: Sequence[Field], ids: Sequence[int], scope: Scope, found: Values
) -> None:
    by_key: dict[int, list[Field]] = defaultdict(list)
    for field in fields:
        key = scope.key(field)
        if key is not None:
            by_key[key].append(field)
    if not by_key:
        return
    for metric in _metrics.all(list(ids), list(by_key)):
        for field in by_key[metric.key_id]:
            value = metric_value(metric, field.aggregate)
            if value is not None:
                found[metric.run_id][field] = value


def metric_value(metric: Metric, aggregate: str) -> float | int | str | None:
    """What the head says: a number, NaN included, or the last value's text."""
    if aggregate == "last":
        if metric.last_is_nan:
            return math.nan
        return metric.last if metric.last_text is None else metric.last_text
    if aggregate == "first" and metric.first_is_nan:
        return math.nan
    value: float | int | None = getattr(metric, aggregate)
    return value


def _sum_children(field: Field, children: Children, found: Values) -> None:
    for pk, values in found.items():
        values[field] = count_of(field, children.get(pk, {}))


def count_of(field: Field, counts: Mapping[RunStatus, int]) -> int:
    """How many children there are of the statuses that the field names."""
    wanted = RunStatus if field.key == "count" else statuses_of(field.key)
    return sum(counts.get(status, 0) for status in wanted)


def tags_of(ids: Sequence[int]) -> Tags:
    """The tags that people see, by run, in the order of their names."""
    found: dict[int, list[tuple[str, str | None]]] = defaultdict(list)
    for run, key, value in tag_rows(ids):
        found[run].append((key, value))
    return found


def tag_rows(ids: Sequence[int]) -> list[tuple[Any, ...]]:
    """The same as rows of run, name and value."""
    return _tags.all(list(ids))


def starred_among(ids: Sequence[int], scope: Scope) -> set[int]:
    return {run for (run,) in _stars.all(scope.viewer.pk, list(ids))}


def children_among(ids: Sequence[int]) -> Children:
    found: dict[int, dict[RunStatus, int]] = defaultdict(dict)
    for parent, status, n in _children.all(list(ids)):
        found[parent][RunStatus.from_code(status)] = n
    return found


def attach(runs: Sequence[Run]) -> None:
    """Give the runs their experiments and submitters: what rows show of other tables.

    Joined, an experiment could come first, and all its runs be sorted.
    """
    experiments = {run.experiment_id for run in runs}
    people = {run.submitter_id for run in runs if run.submitter_id is not None}
    found = {each.pk: each for each in _experiments.all(list(experiments))}
    known = {each.pk: each for each in _people.all(list(people))}
    for run in runs:
        run.experiment = found[run.experiment_id]
        if run.submitter_id is not None:
            run.submitter = known[run.submitter_id]


def among(name: str, values: Any) -> Q:
    """Of a relation; its own look-up takes no values to come."""
    return Q(In(F(name), values))


# A page asks these of its rows, always alike: composing them took longer than asking.
_texts = {
    kind: PreparedRows(
        lambda runs, keys, table=table: table.objects.filter(
            among("run", runs), among("key", keys)
        ).values_list("run_id", "key_id", "value")
    )
    for kind, table in TABLES.items()
}
#: For thousands of runs at once. A sum is in no index: SQLite would take the one of
#: keys, which
#: holds every run that has it.
_texts_by_run = {
    kind: PreparedRows(
        lambda runs, keys, table=table: (
            table.objects.filter(among("run", runs))
            .annotate(known=F("key_id") + 0)
            .filter(among("known", keys))
            .values_list("run_id", "key_id", "value")
        )
    )
    for kind, table in TABLES.items()
}
_metrics = Prepared(
    lambda runs, keys: Metric.objects.filter(among("run", runs), among("key", keys))
)
_tags = PreparedRows(
    lambda runs: (
        RunTag.objects.filter(among("run", runs))
        .exclude(key__name__startswith=SYSTEM_TAG_PREFIX)
        .order_by("key__name")
        .values_list("run_id", "key__name", "value")
    )
)
_stars = PreparedRows(
    lambda viewer, runs: RunStar.objects.filter(
        among("run", runs), user=viewer
    ).values_list("run_id")
)
_children = PreparedRows(
    lambda runs: (
        Run.objects.not_deleted()
        .filter(among("parent", runs))
        .order_by()
        .values_list("parent_id", "status")
        .annotate(n=Count("pk"))
    )
)
_experiments = Prepared(lambda keys: Experiment.objects.filter(pk__in=keys))
_people = Prepared(lambda keys: User.objects.filter(pk__in=keys))
