"""The tab *Media* of the run page: images, audio, tables and others over steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpResponse, HttpResponsePermanentRedirect
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_safe

from runs.access import Permission, access
from runs.pages.media.image_files import image_file
from runs.pages.media.panels import KIND_ICONS, MediaPanel, build_panels
from runs.pages.media.slider import step_slider
from runs.pages.media.state import INITIAL_ITEMS, MediaState, read_media_state
from runs.pages.requests import PageRequest
from runs.pages.run_shell import (
    empty_state_of,
    find_run_head,
    is_page_unchanged,
    page_etag,
    page_not_modified,
    show_run_tab,
)
from runs.render.formats import grouped, run_path
from runs.search.media import MediaCatalog, MediaSeries, list_media

#: Seconds between polls until the names of all files are read.
READING_SECONDS = 1


@dataclass(frozen=True)
class MediaCheckbox:
    name: str
    icon: str
    steps: str
    chosen: bool


@dataclass(frozen=True)
class MediaGroup:
    """Media whose names have the same prefix, up to the first slash."""

    name: str
    entries: list[MediaCheckbox]


@access(Permission.READ)
@require_safe
def media_tab(request: PageRequest, run_id: str) -> HttpResponse:
    head = find_run_head(request, run_id)
    etag = page_etag(request, head)
    if is_page_unchanged(request, etag):
        return page_not_modified(etag)
    catalog = list_media(head.run)
    state = read_media_state(request.GET, catalog)
    chosen = state.chosen(catalog)
    slider = step_slider(state, chosen)
    step = slider.step if slider else None
    base = run_path(request.workspace.name, run_id)
    panels = build_panels(head.run, base, state, chosen, step)
    first = MediaState((), default=True)
    has_media = bool(catalog.series) or catalog.is_reading
    context = {
        "tab_template": "media/_run_media.html",
        "look": state,
        "groups": _media_groups(catalog, chosen),
        "has_media": has_media,
        "total": len(catalog.names),
        "media_count": len(catalog.names),
        "chosen_names": len(state.names),
        "is_whole": catalog.is_whole,
        "nothing": None if has_media else empty_state_of("media", head.run),
        "panels": panels,
        "slider": slider,
        "is_pinned": state.step is not None,
        "hidden": state.display_parameters(),
        "all_query": f"all=1&{first.query()}".rstrip("&"),
        "none_query": replace(first, default=False).query(),
        "grid_query": state.query(over=False, item="", open=""),
        "over_query": state.query(over=True, open="", shown=INITIAL_ITEMS),
        "latest_query": state.query(step=None, open=""),
        **_open_item_context(base, state, panels),
    }
    if catalog.is_reading:
        # The next poll reads more names, and must not get 304.
        etag = page_etag(request, head, catalog.unread)
        context |= {"unread": catalog.unread, "pace": READING_SECONDS}
    return show_run_tab(request, head, "media", etag, context)


@access(Permission.READ)
@require_safe
def redirect_images_tab(request: PageRequest, run_id: str) -> HttpResponse:
    """Lead the address of the former tab *Images* to this tab, with its query."""
    query = request.META.get("QUERY_STRING", "")
    path = f"{run_path(request.workspace.name, run_id)}media/"
    return HttpResponsePermanentRedirect(f"{path}?{query}" if query else path)


def _media_groups(
    catalog: MediaCatalog, chosen: Sequence[MediaSeries]
) -> list[MediaGroup]:
    names = {each.name for each in chosen}
    groups: dict[str, MediaGroup] = {}
    seen: set[str] = set()
    for each in catalog.series:
        # Two kinds can have the same name, and one box.
        if each.name in seen:
            continue
        seen.add(each.name)
        group = groups.setdefault(each.prefix, MediaGroup(each.prefix, []))
        group.entries.append(
            MediaCheckbox(
                each.name, KIND_ICONS[each.kind], _steps_text(each), each.name in names
            )
        )
    return list(groups.values())


def _steps_text(series: MediaSeries) -> str:
    count = len(series.steps)
    if not count:
        return ""
    return ngettext("%(n)s step", "%(n)s steps", count) % {"n": grouped(count)}


def _open_item_context(
    base: str, state: MediaState, panels: Sequence[MediaPanel]
) -> dict[str, Any]:
    """Return the item that is open in full size, and its neighbors in its panel."""
    close = state.href(open="")
    for panel in panels:
        paths = [tile.path for tile in panel.tiles]
        if not state.open or state.open not in paths:
            continue
        at = paths.index(state.open)
        tile = panel.tiles[at]
        item = next((i for i in panel.items if i.file.path == state.open), None)
        full = image_file(base, item.file).shown if item and tile.is_picture else ""
        over = (
            state.href(over=True, item=item.caption, open="")
            if item and item.caption
            else ""
        )
        return {
            "opened": replace(tile, src=full or tile.src),
            "opened_panel": panel,
            "place": pgettext("position of an image", "%(n)s of %(total)s")
            % {"n": grouped(at + 1), "total": grouped(len(paths))},
            "before_href": state.href(open=paths[at - 1]) if at else "",
            "after_href": state.href(open=paths[at + 1]) if at + 1 < len(paths) else "",
            "over_href": over,
            "close_href": close,
        }
    return {"close_href": close}
