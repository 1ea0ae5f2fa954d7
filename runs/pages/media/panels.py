"""The panels of the tab *Media*, one for each medium: at one step, or over steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import quote

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from runs.models import File, Run
from runs.pages.media.documents import MediaDocument, read_document
from runs.pages.media.figure_files import figure_address
from runs.pages.media.image_files import image_file
from runs.pages.media.state import MAX_ITEMS, MediaState
from runs.pages.media.tables import MAX_LOGGED_ROWS, OutsidePage, TableAddress
from runs.pages.tables import TableGrid
from runs.render.files import file_extension
from runs.render.formats import align_decimals, filesize, grouped, number
from runs.search.media import (
    MediaItem,
    MediaSeries,
    StepItems,
    StepRequest,
    load_items,
)
from runs.storage.metrics import store
from studio.core.media.media_files import FOLDER, MediaKind

#: Steps shown next to each other, and documents of one panel.
MAX_STEPS_OVER, MAX_DOCUMENTS = 24, 8
DOCUMENT_KINDS = (MediaKind.TABLE, MediaKind.TEXT, MediaKind.HISTOGRAM)
KIND_ICONS = {
    MediaKind.IMAGE: "image",
    MediaKind.AUDIO: "audio",
    MediaKind.VIDEO: "play",
    MediaKind.TABLE: "columns",
    MediaKind.TEXT: "file",
    MediaKind.HISTOGRAM: "histogram",
    MediaKind.FIGURE: "line",
}


@dataclass(frozen=True)
class LayerPicture:
    """`number` chooses the color of the layer's switch, from 1."""

    number: int
    name: str
    src: str


@dataclass(frozen=True)
class MediaValue:
    """`far` says how the value differs from those of the step; mostly empty."""

    name: str
    text: str
    far: str = ""

    @property
    def title(self) -> str:
        return f"{self.name}: {self.far}" if self.far else self.name


@dataclass(frozen=True)
class MediaTile:
    """An item as the page shows it.

    `src` is loaded, or empty if the page can't show the file; `href` opens the item,
    `raw` is the file. `full` is the address of the picture in full size, where `src`
    is smaller. `figure` is the address of the chart that the page's script draws.
    """

    kind: str
    label: str
    caption: str
    href: str
    raw: str
    src: str
    size: str
    values: Sequence[MediaValue] = ()
    layers: Sequence[LayerPicture] = ()
    document: MediaDocument | None = None
    is_picture: bool = False
    path: str = ""
    figure: str = ""
    full: str = ""


@dataclass(frozen=True)
class LayerSwitch:
    number: int
    name: str
    is_on: bool
    href: str


@dataclass(frozen=True)
class MediaPanel:
    """A panel; `first_href` leads to the first step with data, if this has none."""

    id: str
    name: str
    kind: str
    icon: str
    note: str
    tiles: Sequence[MediaTile] = ()
    switches: Sequence[LayerSwitch] = ()
    more_href: str = ""
    left: int = 0
    order_href: str = ""
    order_label: str = ""
    first_href: str = ""
    first_step: int | None = None
    grid: TableGrid | None = None
    step: int | None = None
    items: Sequence[MediaItem] = field(default_factory=tuple)
    archive: str = ""


def build_panels(
    run: Run,
    base: str,
    state: MediaState,
    chosen: Sequence[MediaSeries],
    step: int | None,
) -> list[MediaPanel]:
    """Build the panels of the chosen media; `base` is the address of the run page.

    At most five queries for all of them.
    """
    requests = [_step_requests(each, state, step) for each in chosen]
    loaded = iter(load_items(run, [one for some in requests for one in some]))
    by_panel = [[next(loaded) for _request in some] for some in requests]
    tables = store.newest_points_of_all(
        [each.table for each in chosen if each.table is not None], MAX_LOGGED_ROWS
    )
    builder = _PanelBuilder(run, base, state, step)
    panels = []
    for at, (each, some, found) in enumerate(
        zip(chosen, requests, by_panel, strict=True)
    ):
        if each.table is not None:
            rows = tables[each.table.pk].python_values()[-MAX_LOGGED_ROWS:]
            address = TableAddress(run, each.name, state, base)
            panels.append(_table_panel(f"media-{at}", each, rows, address))
        else:
            panels.append(builder.build(f"media-{at}", each, some, found))
    return panels


def media_tiles(
    run: Run,
    base: str,
    series: MediaSeries,
    items: StepItems,
    step: int | None,
    page: OutsidePage,
) -> list[MediaTile]:
    """Return the items of a medium at a step, for a page outside of the tab.

    `base` is the address of the run page.
    """
    state = MediaState((series.name,))
    builder = _PanelBuilder(run, base, state, step, f"{base}media/", page)
    return builder.tiles(series, items, step)


def _step_requests(
    series: MediaSeries, state: MediaState, step: int | None
) -> list[StepRequest]:
    if series.table is not None:
        return []
    is_document = series.kind in (*DOCUMENT_KINDS, MediaKind.FIGURE)
    if state.over and series.steps:
        before = [one for one in series.steps if step is None or one <= step]
        return [
            StepRequest(series, one, 1, state.order, state.item)
            for one in before[-MAX_STEPS_OVER:]
        ]
    limit = min(state.shown, MAX_DOCUMENTS) if is_document else state.shown
    at = series.step_at(step) if series.steps else None
    requests = [StepRequest(series, at, limit, state.order)] if at is not None else []
    # A file without a step has the name of a series only by chance.
    if not series.steps:
        requests.append(StepRequest(series, None, limit, state.order))
    return requests


def _table_panel(
    panel_id: str, series: MediaSeries, rows: Sequence[object], address: TableAddress
) -> MediaPanel:
    assert series.table is not None
    count = series.table.count
    text = ngettext("%(n)s row", "%(n)s rows", count) % {"n": grouped(count)}
    if count > len(rows):
        text = _("the last %(n)s of %(total)s rows") % {
            "n": grouped(len(rows)),
            "total": grouped(count),
        }
    return MediaPanel(
        panel_id,
        series.name,
        series.kind.value,
        KIND_ICONS[series.kind],
        text,
        grid=address.logged_grid(rows),
    )


@dataclass(frozen=True)
class _PanelBuilder:
    run: Run
    base: str
    state: MediaState
    step: int | None
    #: The address of the tab; empty on the tab itself.
    tab: str = ""
    outside: OutsidePage | None = None

    def tiles(
        self, series: MediaSeries, found: StepItems, step: int | None
    ) -> list[MediaTile]:
        layers = _layer_names(found.items)
        return self._tiles_of(series, found, step, layers)

    def _tiles_of(
        self,
        series: MediaSeries,
        found: StepItems,
        step: int | None,
        layers: Sequence[str],
    ) -> list[MediaTile]:
        values = self._values(found)
        return [
            replace(self._tile(series, item, step, layers), values=own)
            for item, own in zip(found.items, values, strict=True)
        ]

    def _values(self, found: StepItems) -> list[list[MediaValue]]:
        """Return the values of each item; those of one name have the same decimals."""
        columns: dict[str, list[float]] = {}
        for item in found.items:
            for name, value in item.values:
                columns.setdefault(name, []).append(value)
        texts = {name: iter(align_decimals(column)) for name, column in columns.items()}
        return [
            [
                MediaValue(
                    name,
                    next(texts[name]) or number(value),
                    self._far(found, value) if name == found.score else "",
                )
                for name, value in item.values
            ]
            for item in found.items
        ]

    def _far(self, found: StepItems, value: float) -> str:
        """Say it of a value at the end that comes first: there are the worst items."""
        if self.state.order == "high":
            is_high = found.is_high(value)
            return _("much higher than others of this step") if is_high else ""
        return _("much lower than others of this step") if found.is_low(value) else ""

    def build(
        self,
        panel_id: str,
        series: MediaSeries,
        requests: Sequence[StepRequest],
        found: Sequence[StepItems],
    ) -> MediaPanel:
        layers = _layer_names([item for each in found for item in each.items])
        tiles = [
            tile
            for request, each in zip(requests, found, strict=True)
            for tile in self._tiles_of(series, each, request.step, layers)
        ]
        first = series.steps[0] if series.steps and not requests else None
        panel = MediaPanel(
            panel_id,
            series.name,
            series.kind.value,
            KIND_ICONS[series.kind],
            _steps_note(series, len(requests)),
            tiles,
            self._switches(layers),
            first_step=first,
            first_href=self.state.href(step=first) if first is not None else "",
        )
        if self.state.over or not found:
            return panel
        [items] = found
        order_href, order_label = self._order(items)
        return replace(
            panel,
            note=self._step_note(series, requests[0], items),
            left=max(items.total - len(tiles), 0),
            more_href=self._more_href(items, len(tiles), requests[0].limit),
            order_href=order_href,
            order_label=order_label,
            step=requests[0].step,
            items=items.items,
            archive=self._archive(series, items),
        )

    def _archive(self, series: MediaSeries, found: StepItems) -> str:
        """Return the address of a zip of all steps, if they have a folder alone."""
        folder = f"{FOLDER}/{series.name}"
        if not found.items or found.items[0].file.folder != folder:
            return ""
        return f"{self.base}files/all.zip?folder={quote(folder)}"

    def _step_note(
        self, series: MediaSeries, request: StepRequest, items: StepItems
    ) -> str:
        words = []
        if request.step is not None:
            words.append(_("step %(n)s") % {"n": grouped(request.step)})
        if items.total > 1:
            words.append(_count_words(series.kind, len(items.items), items.total))
        text = " · ".join(words)
        if items.score and self.state.order != "logged":
            order = (
                pgettext("order of media", "lowest %(name)s first")
                if self.state.order == "low"
                else pgettext("order of media", "highest %(name)s first")
            )
            text += f", {order % {'name': items.score}}"
        return text

    def _order(self, items: StepItems) -> tuple[str, str]:
        """Return the link that sorts by the score in the other direction."""
        if not items.score or items.total < 2:
            return "", ""
        other = "high" if self.state.order == "low" else "low"
        label = _("Lowest first") if other == "low" else _("Highest first")
        return self.state.href(order=other), label

    def _more_href(self, items: StepItems, shown: int, limit: int) -> str:
        can_show = limit == self.state.shown and shown < items.total
        if not can_show or self.state.shown >= MAX_ITEMS:
            return ""
        return self.state.href(shown=min(self.state.shown * 2, MAX_ITEMS))

    def _switches(self, layers: Sequence[str]) -> list[LayerSwitch]:
        off = self.state.off
        return [
            LayerSwitch(
                at,
                name,
                name not in off,
                self.state.href(
                    off=tuple(one for one in off if one != name)
                    if name in off
                    else (*off, name)
                ),
            )
            for at, name in enumerate(layers, start=1)
        ]

    def _tile(
        self,
        series: MediaSeries,
        item: MediaItem,
        step: int | None,
        layers: Sequence[str],
    ) -> MediaTile:
        file = item.file
        raw = f"{self.base}files/raw/{quote(file.path)}"
        step_text = _("step %(n)s") % {"n": grouped(step)} if step is not None else ""
        caption = step_text if self.state.over else item.caption
        label = " ".join(filter(None, [series.name, step_text, item.caption]))
        is_picture = series.kind is MediaKind.IMAGE or (
            series.kind in (MediaKind.VIDEO, MediaKind.FIGURE) and _is_image(file)
        )
        shown = image_file(self.base, file) if is_picture else None
        src = f"{raw}?inline=1"
        if shown is not None:
            src = shown.shown
            if item.small is not None:
                src = image_file(self.base, item.small).shown or src
        elif series.kind is MediaKind.FIGURE:
            src = ""
        is_chart = series.kind is MediaKind.FIGURE and not is_picture
        return MediaTile(
            series.kind.value,
            label,
            caption,
            self.tab
            + self.state.href(
                open=file.path, step=step if self.state.over else self.step
            ),
            raw,
            src,
            shown.size if shown else filesize(file.size),
            layers=self._layer_pictures(item, layers),
            document=self._document(series, file, label),
            is_picture=is_picture,
            path=file.path,
            figure=figure_address(raw, file) if is_chart else "",
            full=shown.shown if shown and shown.shown != src else "",
        )

    def _layer_pictures(
        self, item: MediaItem, layers: Sequence[str]
    ) -> list[LayerPicture]:
        return [
            LayerPicture(
                layers.index(layer.name) + 1,
                layer.name,
                image_file(self.base, layer.file).shown,
            )
            for layer in item.layers
            if layer.name in layers and layer.name not in self.state.off
        ]

    def _document(
        self, series: MediaSeries, file: File, label: str
    ) -> MediaDocument | None:
        if series.kind not in DOCUMENT_KINDS:
            return None
        address = TableAddress(
            self.run, series.name, self.state, self.base, self.outside
        )
        return read_document(series.kind, file, label, address)


def _is_image(file: File) -> bool:
    return file_extension(file.name) in ("png", "svg", "gif")


def _layer_names(items: Sequence[MediaItem]) -> list[str]:
    """Return the names of layers in order of appearance."""
    names = dict.fromkeys(layer.name for item in items for layer in item.layers)
    return list(names)[:8]


def _steps_note(series: MediaSeries, shown: int) -> str:
    total = len(series.steps)
    if not total:
        return ""
    if shown < total:
        return _("%(n)s of %(total)s steps") % {
            "n": grouped(shown),
            "total": grouped(total),
        }
    return ngettext("%(n)s step", "%(n)s steps", total) % {"n": grouped(total)}


def _count_words(kind: MediaKind, shown: int, total: int) -> str:
    words = {
        MediaKind.IMAGE: ngettext("%(n)s image", "%(n)s images", total),
        MediaKind.AUDIO: ngettext("%(n)s sound", "%(n)s sounds", total),
        MediaKind.VIDEO: ngettext("%(n)s video", "%(n)s videos", total),
        MediaKind.TABLE: ngettext("%(n)s table", "%(n)s tables", total),
        MediaKind.TEXT: ngettext("%(n)s text", "%(n)s texts", total),
        MediaKind.HISTOGRAM: ngettext("%(n)s histogram", "%(n)s histograms", total),
        MediaKind.FIGURE: ngettext("%(n)s figure", "%(n)s figures", total),
    }[kind]
    if shown == total:
        return words % {"n": grouped(total)}
    # As in "14 of 64 images".
    return pgettext("part of a number of media", "%(n)s of %(total)s") % {
        "n": grouped(shown),
        "total": words % {"n": grouped(total)},
    }
