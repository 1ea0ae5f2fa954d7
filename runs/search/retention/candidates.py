"""The runs that a retention rule matches, and why some of them stay."""

from __future__ import annotations

from collections.abc import Collection
from enum import Enum
from typing import Final

from django.db.models import Case, CharField, Exists, OuterRef, Q, Value, When

from runs.models import (
    Conclusion,
    LoggedModel,
    ModelVersion,
    Run,
    RunQuerySet,
    RunStar,
    User,
    Workspace,
)
from runs.search.query import runs_matching
from studio.core.batches import batches
from studio.core.filters import parse
from studio.core.filters.tree import And, Comparison, Flag, Node, attribute
from studio.core.statuses import ACTIVE

_STARRED: Final = attribute("starred")


class Stay(str, Enum):
    """Why a run that the filter matches is left as it is."""

    ACTIVE = "active"
    LOCKED = "locked"
    REGISTERED = "registered"
    CONCLUSION = "conclusion"
    KEPT_CHILD = "kept_child"
    STARRED = "starred"


def matching_runs(
    q: str, author: User | None, workspace: Workspace, now: int
) -> RunQuerySet:
    """Return what the filter finds for the author, the trash left out.

    `starred` means starred by any member. None without an author. Raises InvalidFilter.
    """
    if author is None:
        return Run.objects.none()
    runs = runs_matching(
        parse(q), viewer=author, workspace=workspace, now=now, any_star=True
    )
    return runs.not_deleted()


def starred_matches(q: str, author: User | None, workspace: Workspace, now: int) -> int:
    """Return how many runs more it would be without a `-starred` of the filter."""
    node = parse(q)
    if author is None or not isinstance(node, And):
        return 0
    left = tuple(each for each in node.nodes if not _spares_starred(each))
    if not left or len(left) == len(node.nodes):
        return 0
    runs = runs_matching(And(left), viewer=author, workspace=workspace, now=now)
    stars = RunStar.objects.filter(run=OuterRef("pk"))
    return runs.not_deleted().filter(Exists(stars)).count()


def _spares_starred(node: Node) -> bool:
    return (
        isinstance(node, Comparison)
        and node.field == _STARRED
        and node.op == "="
        and node.values == (Flag(value=False),)
    )


def stays_expression() -> Case:
    """Return why a run stays (a value of `Stay`), for queries; empty if it does not."""
    versions = ModelVersion.objects.all()
    registered = (
        Exists(versions.filter(run=OuterRef("pk")))
        | Exists(versions.filter(files_run=OuterRef("pk")))
        | Exists(
            LoggedModel.objects.filter(
                source_run=OuterRef("pk"),
                pk__in=versions.exclude(logged_model=None).values("logged_model"),
            )
        )
    )
    concluded = Exists(Conclusion.runs.through.objects.filter(run=OuterRef("pk")))
    reasons = {
        Stay.ACTIVE: Q(status__in=[status.code for status in ACTIVE]),
        Stay.LOCKED: Q(locked=True),
        Stay.REGISTERED: Q(registered),
        Stay.CONCLUSION: Q(concluded),
    }
    return Case(
        *(When(where, then=Value(stay.value)) for stay, where in reasons.items()),
        default=Value(""),
        output_field=CharField(),
    )


def without_runs_of_kept_children(keys: Collection[int]) -> set[int]:
    """Return the runs whose child runs all go too: others would lose their parent."""
    going = set(keys)
    look_at = set(going)
    while look_at:
        kept: set[int] = set()
        for some in batches(sorted(look_at)):
            rows = Run.objects.not_deleted().filter(parent__in=some)
            pairs = rows.values_list("pk", "parent_id")
            kept.update(parent for child, parent in pairs if child not in going)
        going -= kept
        rows_above = (
            Run.objects.filter(pk__in=some).values_list("parent_id", flat=True)
            for some in batches(sorted(kept))
        )
        look_at = {key for rows in rows_above for key in rows if key in going}
    return going
