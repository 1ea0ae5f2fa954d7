"""One medium of the compared runs: runs as columns, its items as rows, at a step."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from runs.access import Permission, access
from runs.models import Run, now_ms
from runs.pages.compare.state import CompareState, read_state
from runs.pages.media import (
    DOCUMENT_KINDS,
    MAX_STEPS,
    MediaTile,
    OutsidePage,
    draw_ticks,
    media_tiles,
    read_step,
)
from runs.pages.requests import PageRequest
from runs.render.formats import run_path
from runs.search.compare import Comparison, compare_runs
from runs.search.media import (
    MediaCatalog,
    MediaSeries,
    StepRequest,
    list_media_of_runs,
    load_items_of_runs,
)

#: Names in the menu, rows of the grid, and items of all runs together.
MAX_NAMES, MAX_ROWS, MAX_ITEMS = 500, 8, 200
#: Tables, texts and histograms, which are read as a whole, of all runs together.
MAX_DOCUMENTS = 20


@dataclass(frozen=True)
class MediaColumn:
    """A run; `step` is that of its items, the chosen one or the last before it."""

    run: Run
    base: str
    step: int | None
    tiles: Sequence[MediaTile]


@dataclass(frozen=True)
class MediaComparison:
    """The media with one name; `at` is the index of the chosen step in `steps`.

    `rows` have a cell for each run: its base address and the item, if it has one.
    The names of `unread` older files are not read yet; `again` continues.
    """

    name: str
    names: Sequence[str]
    steps: Sequence[int]
    at: int
    columns: Sequence[MediaColumn]
    rows: Sequence[Sequence[tuple[str, MediaTile | None]]]
    before: str
    after: str
    ticks: SafeString
    unread: int = 0
    again: str = ""

    @property
    def step(self) -> int | None:
        return self.steps[self.at] if self.steps else None

    @property
    def last_index(self) -> int:
        return len(self.steps) - 1


@access(Permission.READ)
@require_safe
def compare_media(request: PageRequest) -> HttpResponse:
    """The grid alone, which the page's script shows while the slider moves."""
    state = read_state(request.GET)
    compared = compare_runs(
        state.runs, request.actor.user, request.workspace, now=now_ms()
    )
    media = media_comparison(request.workspace.name, state, compared)
    return render(request, "compare/_compare_media_grid.html", {"media": media})


def media_comparison(
    workspace: str, state: CompareState, compared: Comparison
) -> MediaComparison | None:
    """Return the media with the name in the address, else of the first name.

    At most nine queries, whatever there is.
    """
    catalogs = list_media_of_runs(compared.runs) if compared.runs else {}
    names = _common_names(list(catalogs.values()))
    unread = sum(each.unread for each in catalogs.values() if each.is_reading)
    if not names and not unread:
        return None
    name = state.image if state.image in names else next(iter(names), "")
    series = [
        [
            each
            for each in catalogs[run.pk].series
            if each.name == name and not each.table
        ]
        for run in compared.runs
    ]
    # Runs log at different steps: the slider has those of all.
    steps = sorted({step for own in series for each in own for step in each.steps})
    steps = steps[-MAX_STEPS:]
    chosen = read_step(state.step)
    at = max((len(steps) if chosen is None else bisect_right(steps, chosen)) - 1, 0)
    now = steps[at] if steps else None
    # New steps while a table is read don't take its place.
    query = state.href(image=name, step="" if now is None else str(now))
    page = OutsidePage(query, f"{reverse('compare-media', args=[workspace])}{query}")
    columns = _columns(workspace, compared.runs, series, now, page)

    def href(index: int) -> str:
        step = str(steps[index])
        return f"{state.href(image=name, step=step)}#compare-media"

    return MediaComparison(
        name,
        names[:MAX_NAMES],
        steps,
        at,
        columns,
        _rows(columns),
        href(at - 1) if at else "",
        href(at + 1) if at + 1 < len(steps) else "",
        draw_ticks(len(steps)),
        unread,
        # The name and step of the reader, which can be among the files to come.
        state.href() if unread else "",
    )


def _common_names(catalogs: Sequence[MediaCatalog]) -> list[str]:
    """Return the names of media; those that most runs have come first."""
    counts = Counter(
        name
        for catalog in catalogs
        for name in {each.name for each in catalog.series if not each.table}
    )
    return sorted(counts, key=lambda name: (-counts[name], name))


def _columns(
    workspace: str,
    runs: Sequence[Run],
    series: Sequence[Sequence[MediaSeries]],
    step: int | None,
    page: OutsidePage,
) -> list[MediaColumn]:
    is_document = any(each.kind in DOCUMENT_KINDS for own in series for each in own)
    most = (MAX_DOCUMENTS if is_document else MAX_ITEMS) // len(runs)
    limit = min(max(most, 1), MAX_ROWS)
    asked = [
        (run, StepRequest(each, each.step_at(step) if each.steps else None, limit, ""))
        for run, own in zip(runs, series, strict=True)
        for each in own
        if not each.steps or each.step_at(step) is not None
    ]
    found: dict[int, list[MediaTile]] = {run.pk: [] for run in runs}
    reached: dict[int, int | None] = {}
    for (run, one), items in zip(asked, load_items_of_runs(asked), strict=True):
        base = run_path(workspace, run.run_id)
        found[run.pk] += media_tiles(run, base, one.series, items, one.step, page)
        reached.setdefault(run.pk, one.step)
    return [
        MediaColumn(
            run,
            run_path(workspace, run.run_id),
            reached.get(run.pk),
            found[run.pk][:limit],
        )
        for run in runs
    ]


def _rows(
    columns: Sequence[MediaColumn],
) -> list[list[tuple[str, MediaTile | None]]]:
    """Return items with the same caption in one row, others in their order."""
    keyed: list[dict[tuple[str, int], MediaTile]] = []
    for column in columns:
        seen: Counter[str] = Counter()
        own: dict[tuple[str, int], MediaTile] = {}
        for tile in column.tiles:
            own[tile.caption, seen[tile.caption]] = tile
            seen[tile.caption] += 1
        keyed.append(own)
    keys = list(dict.fromkeys(key for own in keyed for key in own))[:MAX_ROWS]
    return [
        [
            (column.base, own.get(key))
            for column, own in zip(columns, keyed, strict=True)
        ]
        for key in keys
    ]
