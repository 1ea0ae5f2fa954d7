"""What lies in the trash of a workspace, newest first: runs, experiments, views, files.

Runs that were deleted at once are one item, as are the files of one change. An item is
found again by its key, so that what is restored or purged is what was shown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from django.db.models import Count, Max, Min, Q, Sum
from django.utils.translation import gettext as _

from runs.models import (
    Change,
    ChangeKind,
    ChangeSet,
    Experiment,
    File,
    FileTotal,
    Run,
    RunCount,
    User,
    View,
    Workspace,
)
from studio.core.errors import InvalidValue

ITEMS_PER_PAGE = 50
#: The sizes of larger items are not added up: that would take too long.
MAX_SIZED_RUNS = 10_000
#: Of one change of files. The sizes of a larger one are not added up, and it is listed
#: while one of its first files is left.
MAX_FILES, FIRST_FILES = 1_000, 100
TRASH_MS = 30 * 86_400_000


class TrashKind(str, Enum):
    RUNS = "runs"
    EXPERIMENT = "experiment"
    VIEW = "view"
    FILES = "files"


@dataclass(frozen=True)
class TrashItem:
    """`deleted` is in ms, `size` in bytes (None if it was not added up).

    `name` is that of the only run, experiment, view or file; empty for several.
    `place` is the experiment of runs, or the run of files. `count` is how many runs or
    files it has. `by` is None for the server, or a member who no longer exists.
    """

    kind: TrashKind
    key: str
    deleted: int
    name: str
    count: int
    place: str = ""
    size: int | None = None
    by: User | None = None
    #: Of files: they were replaced, not deleted.
    is_replaced: bool = False


@dataclass(frozen=True)
class TrashPage:
    items: Sequence[TrashItem]
    #: The time before which the next page begins; None on the last one.
    before: int | None


def list_trash(
    workspace: Workspace,
    viewer: User,
    *,
    only_own: bool,
    words: str = "",
    before: int | None = None,
    limit: int = ITEMS_PER_PAGE,
) -> TrashPage:
    """Return a page of the trash. `only_own` leaves out what others deleted.

    `words` is a part of a name. The number of queries does not grow with the trash.
    """
    until = 2**62 if before is None else before
    found = [
        item
        for source in (_run_items, _experiment_items, _view_items, _file_items)
        for item in source(workspace, viewer, words, until, limit + 1)
    ]
    found.sort(key=lambda item: -item.deleted)
    shown = found[:limit]
    more = len(found) > limit
    if more:
        # What has the time of the last one belongs to this page too.
        last = shown[-1].deleted
        shown += [item for item in found[limit:] if item.deleted == last]
    if only_own:
        mine = [item for item in shown if item.by == viewer]
        return TrashPage(mine, shown[-1].deleted if more else None)
    return TrashPage(shown, shown[-1].deleted if more else None)


def _run_items(
    workspace: Workspace, _viewer: User, words: str, until: int, limit: int
) -> list[TrashItem]:
    rows = Run.objects.filter(workspace=workspace, deleted__lt=until)
    if words:
        rows = rows.filter(Q(name__icontains=words) | Q(run_id=words))
    groups = list(
        rows.order_by()
        .values_list("deleted")
        .annotate(
            n=Count("pk"), first=Min("pk"), a=Min("experiment"), b=Max("experiment")
        )
        .order_by("-deleted")[:limit]
    )
    names = dict(
        Run.objects.filter(
            pk__in=[first for _t, _n, first, _a, _b in groups]
        ).values_list("pk", "name")
    )
    places = dict(
        Experiment.objects.filter(
            pk__in=[a for *_rest, a, b in groups if a == b]
        ).values_list("pk", "name")
    )
    by = _who_deleted("run", [first for _t, _n, first, _a, _b in groups])
    sizes = _sizes_of_runs(
        workspace, [t for t, n, *_rest in groups if n <= MAX_SIZED_RUNS]
    )
    items = [
        TrashItem(
            TrashKind.RUNS,
            f"runs.{time}.{time}",
            time,
            names.get(first, "") if count == 1 else "",
            count,
            place=places.get(a, "") if a == b else "",
            size=sizes.get(time, 0) if count <= MAX_SIZED_RUNS else None,
            by=by.get(first, (None, None))[0],
        )
        for time, count, first, a, b in groups
    ]
    sets = [by.get(first, (None, None))[1] for _t, _n, first, _a, _b in groups]
    return _joined(items, sets)


def _joined(items: list[TrashItem], sets: list[int | None]) -> list[TrashItem]:
    """Join what one background task deleted, a step at a time."""
    found: list[TrashItem] = []
    last: int | None = None
    for item, change_set in zip(items, sets, strict=True):
        if change_set is None or change_set != last:
            found.append(item)
            last = change_set
            continue
        newer = found[-1]
        _kind, _first, end = newer.key.split(".")
        sized = newer.size is not None and item.size is not None
        found[-1] = replace(
            newer,
            key=f"runs.{item.deleted}.{end}",
            name="",
            count=newer.count + item.count,
            place=newer.place if newer.place == item.place else "",
            size=newer.size + item.size if sized else None,  # type: ignore[operator]
        )
    return found


def _who_deleted(owner: str, keys: Sequence[int]) -> dict[int, tuple[User | None, int]]:
    """Return who deleted each of these, and the key of the change set."""
    rows = (
        Change.objects.filter(**{f"{owner}__in": keys}, field="deleted")
        .select_related("change_set__actor")
        .order_by("pk")
    )
    # The later ones win.
    return {
        getattr(each, f"{owner}_id"): (each.change_set.actor, each.change_set_id)
        for each in rows
        if each.after
    }


def _sizes_of_runs(workspace: Workspace, times: Sequence[int]) -> dict[int, int]:
    rows = FileTotal.objects.filter(run__workspace=workspace, run__deleted__in=times)
    return dict(
        rows.order_by().values_list("run__deleted").annotate(bytes=Sum("bytes"))
    )


def _experiment_items(
    workspace: Workspace, _viewer: User, words: str, until: int, limit: int
) -> list[TrashItem]:
    rows = Experiment.objects.filter(workspace=workspace, deleted__lt=until)
    if words:
        rows = rows.filter(name__icontains=words)
    found = list(rows.order_by("-deleted", "-pk")[:limit])
    keys = [each.pk for each in found]
    counts = dict(
        RunCount.objects.filter(experiment__in=keys)
        .order_by()
        .values_list("experiment")
        .annotate(n=Sum("runs"))
    )
    by = _who_deleted("experiment", keys)
    sizes = _sizes_of_experiments(
        [key for key in keys if counts.get(key, 0) <= MAX_SIZED_RUNS]
    )
    return [
        TrashItem(
            TrashKind.EXPERIMENT,
            f"experiment.{each.pk}",
            each.deleted or 0,
            each.name,
            counts.get(each.pk, 0),
            size=sizes.get(each.pk, 0)
            if counts.get(each.pk, 0) <= MAX_SIZED_RUNS
            else None,
            by=by.get(each.pk, (None, None))[0],
        )
        for each in found
    ]


def _sizes_of_experiments(keys: Sequence[int]) -> dict[int, int]:
    rows = FileTotal.objects.filter(run__experiment__in=keys)
    return dict(
        rows.order_by().values_list("run__experiment").annotate(bytes=Sum("bytes"))
    )


def _view_items(
    workspace: Workspace, viewer: User, words: str, until: int, limit: int
) -> list[TrashItem]:
    rows = View.objects.deleted().visible_to(viewer).filter(deleted__lt=until)
    if words:
        rows = rows.filter(name__icontains=words)
    found = list(rows.filter(workspace=workspace).order_by("-deleted", "-pk")[:limit])
    by = _who_deleted("view", [each.pk for each in found])
    return [
        TrashItem(
            TrashKind.VIEW,
            f"view.{each.pk}",
            each.deleted or 0,
            each.name,
            1,
            by=by.get(each.pk, (None, None))[0],
        )
        for each in found
    ]


def _file_items(
    workspace: Workspace, _viewer: User, words: str, until: int, limit: int
) -> list[TrashItem]:
    rows = ChangeSet.objects.filter(
        workspace=workspace,
        kind=ChangeKind.FILE,
        action__in=("replace file", "delete files", "retention of files"),
        is_undone=False,
        time__lt=until,
    )
    if words:
        rows = rows.filter(changes__before__path__icontains=words).distinct()
    sets = list(rows.select_related("actor").order_by("-time", "-pk")[:limit])
    changes: dict[int, list[Any]] = defaultdict(list)
    small = [each.pk for each in sets if each.change_count <= MAX_FILES]
    rows_of_small = Change.objects.filter(change_set__in=small).order_by("pk")
    firsts = [
        Change.objects.filter(change_set=each).order_by("pk")[:FIRST_FILES]
        for each in sets
        if each.change_count > MAX_FILES
    ]
    for found in (rows_of_small, *firsts):
        for key, before, run in found.values_list("change_set", "before", "run__name"):
            if before:
                changes[key].append((before, run))
    blobs = [before["blob"] for some in changes.values() for before, _run in some]
    kept = _replaced_blobs(blobs)
    items = []
    for each in sets:
        left = [pair for pair in changes[each.pk] if pair[0]["blob"] in kept]
        if left and each.change_count > MAX_FILES:
            items.append(_large_file_item(each))
        elif left:
            items.append(_file_item(each, left))
    return items


def _large_file_item(change_set: ChangeSet) -> TrashItem:
    return TrashItem(
        TrashKind.FILES,
        f"files.{change_set.pk}",
        change_set.time,
        "",
        change_set.change_count,
        by=change_set.actor,
    )


def _replaced_blobs(blobs: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for start in range(0, len(blobs), 500):
        some = blobs[start : start + 500]
        rows = File.objects.filter(blob__in=some, replaced__isnull=False)
        found.update(rows.values_list("blob", flat=True))
    return found


def _file_item(change_set: ChangeSet, left: Sequence[tuple[Any, str]]) -> TrashItem:
    runs = {run for _before, run in left}
    return TrashItem(
        TrashKind.FILES,
        f"files.{change_set.pk}",
        change_set.time,
        left[0][0]["path"] if len(left) == 1 else "",
        len(left),
        place=next(iter(runs)) or "" if len(runs) == 1 else "",
        size=sum(before["size"] for before, _run in left),
        by=change_set.actor,
        is_replaced=change_set.action == "replace file",
    )


@dataclass(frozen=True)
class TrashContents:
    """What the keys of items name; each exists in the workspace's trash."""

    runs: Sequence[int]
    experiments: Sequence[Experiment]
    views: Sequence[View]
    #: Change sets of files.
    file_changes: Sequence[ChangeSet]


def find_trash(
    workspace: Workspace, viewer: User, keys: Sequence[str]
) -> TrashContents:
    """Return what the keys of items name. Raises InvalidValue for a wrong key."""
    runs: dict[int, None] = {}
    numbers: dict[str, list[int]] = defaultdict(list)
    for key in keys:
        kind, *rest = key.split(".")
        if not all(part.isdecimal() and len(part) < 19 for part in rest):
            raise _wrong_key(key)
        if kind == TrashKind.RUNS.value and len(rest) == 2:
            rows = Run.objects.filter(
                workspace=workspace,
                deleted__gte=int(rest[0]),
                deleted__lte=int(rest[1]),
            )
            runs.update(dict.fromkeys(rows.order_by("pk").values_list("pk", flat=True)))
        elif kind in ("experiment", "view", "files") and len(rest) == 1:
            numbers[kind].append(int(rest[0]))
        else:
            raise _wrong_key(key)
    return TrashContents(
        list(runs),
        list(
            Experiment.objects.filter(
                workspace=workspace,
                pk__in=numbers["experiment"],
                deleted__isnull=False,
            )
        ),
        list(
            View.objects.deleted()
            .visible_to(viewer)
            .filter(workspace=workspace, pk__in=numbers["view"])
        ),
        list(
            ChangeSet.objects.filter(
                workspace=workspace, pk__in=numbers["files"], kind=ChangeKind.FILE
            )
        ),
    )


def _wrong_key(key: str) -> InvalidValue:
    return InvalidValue(
        _("%(key)r names nothing in the trash.") % {"key": key[:80]}, field="item"
    )
