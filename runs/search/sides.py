"""The sides of a filter: rows of one index that every matching run must have.

A term such as `tags.team = nlp` can be read from two sides: from the runs, each of
which is asked for its tag, or from the tag, which knows its runs. A side says how to
read it from there. What it says may be less than the term does, never more: then the
term itself is asked of each run too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q
from django.db.models.lookups import In

from runs.models import Experiment, Metric, Run, RunDataset, RunStar
from runs.models.functions import BEGINNING, Beginning, StartOrder
from runs.search import values
from runs.search.keyed import DATASETS, TABLES
from runs.search.scope import Scope
from runs.search.spread import PATTERNS, fitting_values
from studio.core.filters import tree
from studio.core.filters.fields import statuses_of
from studio.core.filters.tree import Comparison, Flag, Number, Text, Value
from studio.core.statuses import CODES

#: Metric heads are indexed by these.
INDEXED = ("last", "min", "max")


@dataclass(frozen=True)
class Side:
    """`rows` have the run's key in `column`.

    With `join` runs can be read from there: over a `relation`, or from an index of
    their own. If `ordered` they come in the order of their arrival; if `windowed` those
    of some arrivals are found without reading the others, which any ordered side is; if
    `exact` the rows say all that the term says.
    """

    rows: Any
    column: str = "run_id"
    relation: str = ""
    join: Q | None = None
    ordered: bool = False
    exact: bool = False
    windowed: bool = False


def side_of(term: Comparison, scope: Scope) -> list[Side]:
    """The sides whose union holds every run that fulfils the term; none if unknown."""
    field, op, given = term.field, term.op, term.values
    if op in tree.NEGATED:
        return []
    if field.kind in TABLES:
        return _text_side(term, scope)
    if field.kind == tree.METRICS:
        return _metric_side(term, scope)
    if field.kind == tree.DATASETS:
        return _dataset_side(field.key, op, given)
    if field.kind == tree.ATTRIBUTE and field.key in _ATTRIBUTES:
        return _ATTRIBUTES[field.key](op, given, scope)
    return []


def _text_side(term: Comparison, scope: Scope) -> list[Side]:
    key = scope.key(term.field)
    table: Any = TABLES[term.field.kind].objects
    if key is None:
        return [Side(table.none())]
    relation, op = term.field.kind, term.op
    texts = [value.text for value in term.values if isinstance(value, Text)]
    numbers = [value for value in term.values if isinstance(value, Number)]
    if op in PATTERNS and texts:
        fitting = fitting_values(table.filter(key=key), op, texts[0])
        if fitting is not None:
            # A pattern over few values asks for some of them.
            op, texts = "in", fitting
        if fitting == []:
            return [Side(table.none())]

    def condition(prefix: str) -> Q:
        has_key = Q(**{f"{prefix}key": key})
        if op in ("=", "in") and texts and not numbers:
            begins = In(
                Beginning(F(f"{prefix}value")), [text[:BEGINNING] for text in texts]
            )
            found = has_key & Q(begins)
            if all(len(text) < BEGINNING for text in texts):
                return found
            return found & Q(**{f"{prefix}value__in": texts})
        if numbers and not texts:
            number = F(f"{prefix}number")
            return has_key & values.number_condition(number, op, numbers)
        return has_key

    is_one = op == "=" or len(texts) + len(numbers) < 2
    is_range = bool(numbers) and not texts and op != "="
    return [
        Side(
            table.filter(condition("")),
            relation=relation,
            join=condition(f"{relation}__"),
            ordered=is_one and not is_range,
            windowed=not is_range,
            exact=op == "is not null" or _says_all(op, texts, numbers),
        )
    ]


def _metric_side(term: Comparison, scope: Scope) -> list[Side]:
    key = scope.key(term.field)
    if key is None:
        return [Side(Metric.objects.none())]
    name = term.field.aggregate
    numbers = [value for value in term.values if isinstance(value, Number)]
    # `last` may also equal a text; NaN stands apart.
    is_range = (
        name in INDEXED
        and len(numbers) == len(term.values) > 0
        and not (name == "last" and term.op in ("=", "in"))
        and not any(_is_nan(number) for number in numbers)
    )

    def condition(prefix: str) -> Q:
        has_key = Q(**{f"{prefix}key": key})
        if not is_range:
            return has_key
        return has_key & values.number_condition(F(prefix + name), term.op, numbers)

    return [
        Side(
            Metric.objects.filter(condition("")),
            relation="metrics",
            join=condition("metrics__"),
            ordered=not is_range or term.op == "=",
            windowed=not is_range or term.op in ("=", "in"),
            exact=is_range,
        )
    ]


def _says_all(op: str, texts: Sequence[str], numbers: Sequence[Number]) -> bool:
    """Whether a text side's condition is all of the term's."""
    if texts:
        return op in ("=", "in") and not numbers
    return bool(numbers)


def _is_nan(number: Number) -> bool:
    return isinstance(number.value, float) and math.isnan(number.value)


def _dataset_side(key: str, op: str, given: Sequence[Value]) -> list[Side]:
    if op not in ("=", "in"):
        return []
    column = f"{DATASETS[key]}__in"
    return [Side(RunDataset.objects.filter(**{column: _texts(given)}))]


def _runs(scope: Scope, *conditions: Q, **named: Any) -> Side:
    runs = Run.objects.in_workspace(scope.workspace)
    return Side(runs.filter(*conditions, **named), "pk")


def _texts(given: Sequence[Value]) -> list[str]:
    return [value.text for value in given if isinstance(value, Text)]


def _status(_op: str, given: Sequence[Value], scope: Scope) -> list[Side]:
    codes = {CODES[s] for text in _texts(given) for s in statuses_of(text)}
    return [_runs(scope, status__in=sorted(codes))]


def _id(op: str, given: Sequence[Value], scope: Scope) -> list[Side]:
    return [_runs(scope, run_id__in=_texts(given))] if op in ("=", "in") else []


def _experiment(op: str, given: Sequence[Value], scope: Scope) -> list[Side]:
    if op == "is not null":
        return []
    named = values.text_condition("name", F("name"), op, given)
    found = Experiment.objects.filter(named, workspace=scope.workspace)
    return [Side(Run.objects.filter(experiment__in=found.values("pk")), "pk")]


def _submitter(op: str, given: Sequence[Value], scope: Scope) -> list[Side]:
    if op != "=" or _texts(given) != ["me"]:
        return []
    return [Side(Run.objects.filter(submitter=scope.viewer), "pk")]


def _parent(op: str, given: Sequence[Value], scope: Scope) -> list[Side]:
    if op not in ("=", "in"):
        return []
    names = _texts(given)
    parents = Run.objects.in_workspace(scope.workspace).filter(run_id__in=names)
    waiting = ~Q(parent_run_id="") & Q(parent__isnull=True, parent_run_id__in=names)
    below = Run.objects.filter(parent__in=list(parents.values_list("pk", flat=True)))
    return [Side(below, "pk"), _runs(scope, waiting)]


def _root(op: str, given: Sequence[Value], scope: Scope) -> list[Side]:
    if op not in ("=", "in"):
        return []
    roots = Run.objects.in_workspace(scope.workspace).filter(run_id__in=_texts(given))
    below = Run.objects.filter(root__in=list(roots.values_list("pk", flat=True)))
    return [Side(below, "pk"), Side(roots, "pk")]


def _created(op: str, given: Sequence[Value], scope: Scope) -> list[Side]:
    if op == "is not null":
        return []
    return _in_time(values.time_condition(F("created"), op, given, scope.now), scope)


def _started(op: str, given: Sequence[Value], scope: Scope) -> list[Side]:
    if op == "is not null":
        return []
    start = StartOrder(F("started"))
    return _in_time(values.time_condition(start, op, given, scope.now), scope)


def _in_time(found: Q, scope: Scope) -> list[Side]:
    runs = Run.objects.in_workspace(scope.workspace).filter(found)
    return [Side(runs, "pk", join=found)]


def _error_kind(op: str, given: Sequence[Value], scope: Scope) -> list[Side]:
    """All that failed alike: an index of their own has them in order of arrival."""
    if op not in ("=", "in"):
        return []
    kinds = _texts(given)
    found = Q(error_kind__isnull=False, error_kind__in=kinds)
    runs = Run.objects.in_workspace(scope.workspace).filter(found)
    return [Side(runs, "pk", join=found, ordered=len(kinds) == 1, exact=True)]


def _starred(_op: str, given: Sequence[Value], scope: Scope) -> list[Side]:
    stars = RunStar.objects.filter(user=scope.viewer)
    return [Side(stars)] if given == (Flag(True),) else []


def _archived(_op: str, given: Sequence[Value], scope: Scope) -> list[Side]:
    return [_runs(scope, archived__isnull=False)] if given == (Flag(True),) else []


def _deleted(_op: str, given: Sequence[Value], scope: Scope) -> list[Side]:
    if given != (Flag(True),):
        return []
    gone = Experiment.objects.filter(workspace=scope.workspace, deleted__isnull=False)
    below = Run.objects.filter(experiment__in=gone.values("pk"))
    return [Side(Run.objects.filter(deleted__isnull=False), "pk"), Side(below, "pk")]


_ATTRIBUTES = {
    "id": _id,
    "status": _status,
    "experiment": _experiment,
    "submitter": _submitter,
    "parent": _parent,
    "root": _root,
    "created": _created,
    "started": _started,
    "error_kind": _error_kind,
    "starred": _starred,
    "archived": _archived,
    "deleted": _deleted,
}
