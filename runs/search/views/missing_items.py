"""What a view names and the workspace no longer has: experiment, columns, runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from runs.models import STORED_SELECTION_PREFIX, Key, Run, User, View, Workspace
from runs.search.sql import KEY_KINDS
from studio.core.filters.fields import field_text
from studio.core.filters.tree import Field
from studio.core.view_spec import ViewSpec

EXPERIMENT, COLUMN, RUN = "experiment", "column", "run"


@dataclass(frozen=True)
class MissingItem:
    """`kind` is one of the three; `name` is how the view calls it."""

    kind: str
    name: str


def find_missing_list(view: View) -> list[MissingItem]:
    """The experiment whose list it shows, if that is gone. Asks nothing."""
    here = view.experiment
    if here is not None and here.deleted is None:
        return []
    return [MissingItem(EXPERIMENT, view.list_name)] if view.list_name else []


def find_missing_columns(
    fields: Iterable[Field], workspace: Workspace
) -> list[MissingItem]:
    """Fields whose key no run has ever used; one query, none without such fields."""
    keyed = [each for each in dict.fromkeys(fields) if each.kind in KEY_KINDS]
    if not keyed:
        return []
    wanted = Q(pk__in=())
    for each in keyed:
        wanted |= Q(kind=KEY_KINDS[each.kind].value, name=each.key)
    known = set(
        Key.objects.filter(wanted, workspace=workspace).values_list("kind", "name")
    )
    return [
        MissingItem(COLUMN, field_text(each))
        for each in keyed
        if (KEY_KINDS[each.kind].value, each.key) not in known
    ]


def find_missing_runs(
    spec: ViewSpec, workspace: Workspace, viewer: User
) -> list[MissingItem]:
    """Selected and opened runs that are gone or in the trash; one query."""
    named = [*spec.selected, *(each.run_id for each in spec.tree)]
    wanted = [
        e
        for e in dict.fromkeys(named)
        if e and not e.startswith(STORED_SELECTION_PREFIX)
    ]
    if not wanted:
        return []
    there = Run.objects.filter(workspace=workspace, run_id__in=wanted)
    known = set(
        there.of_member(workspace, viewer)
        .not_deleted()
        .values_list("run_id", flat=True)
    )
    return [MissingItem(RUN, each) for each in wanted if each not in known]
