"""The selected runs of a list: which they are, and which color each of them has.

The number of a run is its place in the address from 1 on (`selected=a,,c`: `c` has 3),
and its color goes by the number. More runs than an address should hold are kept as
`selected=s.<slug>` (runs.actions.run_list.selections).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from django.utils.translation import gettext as _

from runs.models import (
    STORED_SELECTION_PREFIX,
    Run,
    Selection,
    User,
    Workspace,
)
from runs.search.fields import HEAVY
from studio.core.errors import InvalidValue
from studio.core.names import SERIES_COLORS
from studio.core.view_spec import ViewSpec

#: Maximum ids in an address, and maximum selected runs.
MAX_IN_ADDRESS, MAX_SELECTED = 50, 10_000


@dataclass(frozen=True)
class SelectedRun:
    """A selected run, and the number that gives it its color."""

    run: Run
    number: int

    @property
    def series(self) -> int:
        """Of the tokens `--series-1` to `--series-10`."""
        return self.run.color or series_color(self.number)


@dataclass(frozen=True)
class VisibleSelection:
    """The selection as its viewer may see it: keys of runs by number, 0 is free.

    `missing` are the ids in the address that lead to no run here, or to one in the
    trash; of a kept selection `gone` says how many.
    """

    keys: tuple[int, ...] = ()
    missing: tuple[str, ...] = ()
    gone: int = 0

    @cached_property
    def number_by_key(self) -> dict[int, int]:
        """The number of each run by its key."""
        return {key: n for n, key in enumerate(self.keys, 1) if key}

    @property
    def total(self) -> int:
        return len(self.number_by_key)


def series_color(number: int) -> int:
    """The color of a number: after the last one, colors repeat."""
    return (number - 1) % SERIES_COLORS + 1


def selected_keys(spec: ViewSpec, workspace: Workspace) -> list[int]:
    """The keys by number, of whatever is selected; raises InvalidValue."""
    slug = _stored_slug(spec.selected)
    if slug:
        return _read_stored_selection(slug, workspace).keys
    if not spec.selected:
        return []
    runs = Run.objects.in_workspace(workspace).filter(run_id__in=spec.selected)
    found = dict(runs.values_list("run_id", "pk"))
    return [found.get(run_id, 0) for run_id in spec.selected]


def find_visible_selection(
    spec: ViewSpec, viewer: User, workspace: Workspace
) -> VisibleSelection:
    """What is selected and can be seen; raises InvalidValue for an unknown slug."""
    if not spec.selected:
        return VisibleSelection()
    visible = Run.objects.visible_to(viewer).in_workspace(workspace)
    # A list whose filter names the trash shows and restores what is in it.
    if "deleted" not in spec.q:
        visible = visible.not_deleted()
    if not _stored_slug(spec.selected):
        runs = visible.filter(run_id__in=spec.selected)
        found = dict(runs.values_list("run_id", "pk"))
        keys = tuple(found.get(run_id, 0) for run_id in spec.selected)
        missing = (run_id for run_id in spec.selected if run_id not in found)
        return VisibleSelection(keys, tuple(filter(None, missing)))
    kept = selected_keys(spec, workspace)
    seen = set(visible.filter(pk__in=kept).values_list("pk", flat=True))
    gone = sum(key not in seen for key in kept if key)
    return VisibleSelection(tuple(key if key in seen else 0 for key in kept), gone=gone)


def selected_runs(
    selection: VisibleSelection, viewer: User, workspace: Workspace, most: int = 100
) -> list[SelectedRun]:
    """The first of the selected runs in the order of their numbers; one query."""
    numbers = selection.number_by_key
    first = sorted(numbers, key=numbers.__getitem__)[:most]
    if not first:
        return []
    visible = Run.objects.visible_to(viewer).in_workspace(workspace)
    runs = visible.filter(pk__in=first).defer(*HEAVY)
    found = [SelectedRun(run, numbers[run.pk]) for run in runs]
    return sorted(found, key=lambda each: each.number)


def change_selection(
    keys: Sequence[int], add: Sequence[int], drop: Sequence[int]
) -> list[int]:
    """A run that comes takes the lowest free number; all others keep theirs."""
    gone = set(drop)
    numbers = [0 if key in gone else key for key in keys]
    has = set(numbers)
    coming = [key for key in dict.fromkeys(add) if key not in has]
    free = [n for n, key in enumerate(numbers) if not key]
    # There can be more free numbers than new runs, or fewer.
    for n, key in zip(free, coming, strict=False):
        numbers[n] = key
    numbers += coming[len(free) :]
    while numbers and not numbers[-1]:
        numbers.pop()
    if sum(map(bool, numbers)) > MAX_SELECTED:
        raise InvalidValue(
            _("You can select at most %(limit)s runs at once.")
            % {"limit": f"{MAX_SELECTED:,}"},
            field="selected",
        )
    return numbers


def selected_ids(keys: Sequence[int]) -> tuple[str, ...]:
    """The selection as written in an address; a deleted run leaves its number free."""
    runs = Run.objects.filter(pk__in=[key for key in keys if key])
    found = dict(runs.values_list("pk", "run_id"))
    return tuple(found.get(key, "") for key in keys)


def _stored_slug(selected: Sequence[str]) -> str:
    named = [each for each in selected if each.startswith(STORED_SELECTION_PREFIX)]
    return named[0] if named else ""


def _read_stored_selection(slug: str, workspace: Workspace) -> Selection:
    rows = Selection.objects.filter(workspace=workspace)
    found = rows.filter(slug=slug.removeprefix(STORED_SELECTION_PREFIX)).first()
    if found is None:
        raise InvalidValue(
            _("selected: the selection %(slug)s doesn't exist.") % {"slug": slug},
            field="selected",
        )
    return found
