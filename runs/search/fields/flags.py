"""What is true or false of a run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import Exists, OuterRef, Q

from runs.models import Experiment, Run, RunStar
from runs.search.fields.field_source import (
    FieldSource,
    GroupTexts,
    GroupValues,
    Scans,
    ValueOf,
)
from runs.search.fields.sorting import sort_by_condition
from runs.search.sql import IndexScan, InKeys, Scope
from studio.core.filters.tree import Comparison, Field, Flag

TRUE = (Flag(True),)


def flag_field(
    name: str,
    is_true: Callable[[Scope], Q],
    value: ValueOf,
    *,
    columns: tuple[str, ...] = (),
    scan: Callable[[Scope], list[IndexScan]] | None = None,
    comparison: int = 0,
) -> FieldSource:
    """`is_true` is the condition; `scan` finds the runs that match it."""

    def condition(term: Comparison, scope: Scope) -> Q:
        return is_true(scope) if term.values == TRUE else ~is_true(scope)

    return FieldSource(
        name,
        condition=condition,
        sort=sort_by_condition(is_true),
        value=value,
        columns=columns,
        scan=_scan_for_true_only(scan) if scan is not None else None,
        comparison=comparison,
        group_values=GroupValues(_read_flags(is_true)),
    )


def _read_flags(is_true: Callable[[Scope], Q]) -> GroupTexts:
    def read(
        keys: Sequence[int], _rows: Sequence[Any], _field: Field, scope: Scope
    ) -> list[str | None]:
        runs = Run.objects.filter(Q(InKeys("id", list(keys))))
        found = set(runs.filter(is_true(scope)).values_list("pk", flat=True))
        return ["true" if key in found else "false" for key in keys]

    return read


def _scan_for_true_only(scan: Callable[[Scope], list[IndexScan]]) -> Scans:
    return lambda term, scope: scan(scope) if term.values == TRUE else []


def _is_starred(scope: Scope) -> Q:
    stars = RunStar.objects.filter(run=OuterRef("pk"))
    return Q(Exists(stars if scope.any_star else stars.filter(user=scope.viewer)))


def _starred_scans(scope: Scope) -> list[IndexScan]:
    if scope.any_star:
        return []
    return [IndexScan(RunStar.objects.filter(user=scope.viewer))]


def _archived_scans(scope: Scope) -> list[IndexScan]:
    runs = Run.objects.in_workspace(scope.workspace)
    return [IndexScan(runs.filter(archived__isnull=False), "pk")]


def _is_deleted(_scope: Scope) -> Q:
    # Deleting an experiment puts its runs in the trash and leaves their rows unchanged.
    gone = Experiment.objects.filter(deleted__isnull=False)
    return Q(deleted__isnull=False) | Q(experiment__in=gone.values("pk"))


def _deleted_scans(scope: Scope) -> list[IndexScan]:
    gone = Experiment.objects.filter(workspace=scope.workspace, deleted__isnull=False)
    below = Run.objects.filter(experiment__in=gone.values("pk"))
    return [
        IndexScan(Run.objects.filter(deleted__isnull=False), "pk"),
        IndexScan(below, "pk"),
    ]


FLAGS = (
    flag_field(
        "starred",
        _is_starred,
        lambda run, context, _field: context.is_starred(run),
        scan=_starred_scans,
    ),
    flag_field(
        "archived",
        lambda _scope: Q(archived__isnull=False),
        lambda run, _context, _field: run.archived is not None,
        columns=("archived",),
        scan=_archived_scans,
        comparison=160,
    ),
    flag_field(
        "deleted",
        _is_deleted,
        lambda run, context, _field: (
            run.deleted is not None or context.experiment(run).deleted is not None
        ),
        columns=("deleted",),
        scan=_deleted_scans,
    ),
    flag_field(
        "locked",
        lambda _scope: Q(locked=True),
        lambda run, _context, _field: run.locked,
        columns=("locked",),
    ),
)
