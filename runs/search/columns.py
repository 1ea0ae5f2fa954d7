"""The values of the asked columns, for the rows of one page, in few queries."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from django.db.models import Count, F, Q
from django.db.models.lookups import In

from runs.models import Experiment, Metric, Run, RunStar, RunTag, User
from runs.models.grams import HIDDEN
from runs.search.attributes import FINAL_CODES
from runs.search.keyed import TABLES
from runs.search.scope import COMMITS, Scope
from runs.storage.prepared import Prepared, PreparedRows
from studio.core.filters import tree
from studio.core.filters.fields import statuses_of
from studio.core.filters.tree import Field
from studio.core.statuses import RunStatus

#: How many direct children a run has, the trash left out, by status.
Children = Mapping[int, Mapping[RunStatus, int]]
Values = dict[int, dict[Field, object]]
Tags = dict[int, list[tuple[str, str | None]]]

#: Columns that may hold 64 KiB: read only where they are asked for.
HEAVY = ("description", "error")


def values_of(
    runs: Sequence[Run], fields: Iterable[Field], scope: Scope, children: Children
) -> Values:
    """The fields' values by the run's primary key; what is missing is not there."""
    asked = set(fields)
    found: Values = {run.pk: {} for run in runs}
    ids = list(found)
    for kind in TABLES:
        keyed = [field for field in asked if field.kind == kind]
        if tree.attribute("commit") in asked:
            keyed += [field for field in COMMITS if field.kind == kind]
        _read_texts(kind, keyed, ids, scope, found)
    _read_metrics([f for f in asked if f.kind == tree.METRICS], ids, scope, found)
    for field in asked:
        if field.kind == tree.CHILDREN:
            _sum_children(field, children, found)
    for run in runs:
        _read_attributes(run, asked, scope, found[run.pk])
    return found


def _read_texts(
    kind: str, fields: Sequence[Field], ids: Sequence[int], scope: Scope, found: Values
) -> None:
    by_key = {scope.key(field): field for field in fields}
    by_key.pop(None, None)
    if not by_key:
        return
    for run, key, value in _texts[kind].all(list(ids), list(by_key)):
        # A tag that is only a word has no value to show, and yet is there.
        found[run][by_key[key]] = "" if value is None else value


def texts_of(
    ids: Sequence[int], fields: Iterable[Field], scope: Scope
) -> dict[Field, dict[int, object]]:
    """Tags, parameters and properties by field and run, commits included if asked."""
    asked = set(fields)
    found: dict[Field, dict[int, object]] = {}
    for kind in TABLES:
        keyed = {field for field in asked if field.kind == kind}
        if tree.attribute("commit") in asked:
            keyed |= {field for field in COMMITS if field.kind == kind}
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


def _read_attributes(
    run: Run, asked: Iterable[Field], scope: Scope, values: dict[Field, object]
) -> None:
    for field in asked:
        if field.kind != tree.ATTRIBUTE or field.key not in _ATTRIBUTES:
            continue
        value = _ATTRIBUTES[field.key](run, scope.now)
        if value is not None and value != "":
            values[field] = value
    if tree.attribute("commit") in asked:
        commits = [values.pop(field, None) for field in COMMITS if field not in asked]
        commits += [values.get(field) for field in COMMITS if field in asked]
        commit = next((each for each in commits if each), None)
        if commit:
            values[tree.attribute("commit")] = commit


class Timed(Protocol):
    @property
    def started(self) -> int | None: ...
    @property
    def ended(self) -> int | None: ...
    @property
    def status(self) -> int: ...


def run_duration(run: Timed, now: int) -> int | None:
    """As `attributes.duration` says it in SQL."""
    return duration_of(run.started, run.ended, run.status, now)


def duration_of(
    started: int | None, ended: int | None, status: int, now: int
) -> int | None:
    if started is None:
        return None
    if ended is not None:
        return ended - started
    return None if status in FINAL_CODES else now - started


_ATTRIBUTES: Mapping[str, Callable[[Run, int], object]] = {
    "id": lambda run, _: run.run_id,
    "number": lambda run, _: run.number,
    "name": lambda run, _: run.name,
    "status": lambda run, _: run.state,
    "experiment": lambda run, _: run.experiment.name,
    "submitter": lambda run, _: run.submitter.username if run.submitter else None,
    "target": lambda run, _: run.target,
    "type": lambda run, _: run.type,
    "script": lambda run, _: run.script,
    "error_kind": lambda run, _: run.error_kind or "",
    "error": lambda run, _: run.error,
    "created": lambda run, _: run.created,
    "started": lambda run, _: run.started,
    "ended": lambda run, _: run.ended,
    "updated": lambda run, _: run.updated,
    "duration": run_duration,
    "parent": lambda run, _: run.parent_run_id,
    "root": lambda run, _: run.root.run_id if run.root else run.run_id,
    "description": lambda run, _: run.description,
    "archived": lambda run, _: run.archived is not None,
    "deleted": lambda run, _: (
        run.deleted is not None or run.experiment.deleted is not None
    ),
    "locked": lambda run, _: run.locked,
}


def tags_of(ids: Sequence[int]) -> Tags:
    """The tags that people see, by run, in the order of their names."""
    found: Tags = defaultdict(list)
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
        .exclude(key__name__startswith=HIDDEN)
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
