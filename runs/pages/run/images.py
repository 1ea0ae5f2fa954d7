"""The tab *Images* of the run page: by name and step, side by side, full size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlencode

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from runs.access import Permission, access
from runs.models import File
from runs.pages.requests import PageRequest
from runs.pages.run_shell import (
    empty_state_of,
    find_run_head,
    is_page_unchanged,
    page_etag,
    page_not_modified,
    show_run_tab,
)
from runs.render.files import (
    IMAGE_TYPES,
    PICTURE_HEAD_BYTES,
    file_extension,
    picture_dimensions,
)
from runs.render.formats import filesize, grouped, run_path
from runs.search.files import RunImage, count_by_name, list_images
from runs.storage.files import files as file_store
from studio.core.errors import MissingBytes

#: Larger images are not loaded by the page, only linked.
MAX_PIXELS = 40_000_000
MAX_BYTES = 25_000_000


@dataclass(frozen=True)
class ImageFile:
    """An image file; `shown` is its address, or empty if the page can't show it."""

    path: str
    href: str
    shown: str
    size: str


def is_picture(name: str) -> bool:
    return file_extension(name) in IMAGE_TYPES


def image_file(base: str, file: File) -> ImageFile:
    """Return the image of a file; `base` is the address of the run page."""
    href = f"{base}files/raw/{quote(file.path)}"
    try:
        pixels, is_there = _pixel_size(file), True
    except MissingBytes:
        pixels, is_there = None, False
    words = [f"{pixels[0]} × {pixels[1]}"] if pixels else []
    fits = is_there and is_picture(file.name) and file.size <= MAX_BYTES
    if fits and pixels and pixels[0] * pixels[1] > MAX_PIXELS:
        fits = False
    size = ", ".join([*words, filesize(file.size)])
    return ImageFile(file.path, href, f"{href}?inline=1" if fits else "", size)


def _pixel_size(file: File) -> tuple[int, int] | None:
    """Return width and height; None for SVG and other files. Raises MissingBytes."""
    if not is_picture(file.name):
        return None
    with file_store.open(file.blob, file.size) as handle:
        # Opened all the same, so that missing bytes are noticed for every kind of
        # image.
        if file_extension(file.name) == "svg":
            return None
        return picture_dimensions(handle.read(min(file.size, PICTURE_HEAD_BYTES)))


#: Number of images by default, and at most; *Show more* doubles it.
INITIAL_IMAGES, MAX_IMAGES = 120, 1920
#: Number of names shown side by side.
MAX_COLUMNS = 8


@dataclass(frozen=True)
class ImageTile:
    """An image of the gallery; `thumb` is loaded, or empty if it is too large."""

    name: str
    caption: str
    href: str
    thumb: str
    picture: ImageFile


@dataclass(frozen=True)
class GalleryState:
    """The state in the address: chosen names, layout, number of images.

    Without names, all are chosen; with `none`, no image is.
    """

    names: tuple[str, ...]
    side: bool
    shown: int
    none: bool = False

    def is_chosen(self, name: str) -> bool:
        return not self.none and (not self.names or name in self.names)

    def query(self, **more: str) -> str:
        pairs = [("name", name) for name in self.names]
        pairs += [("none", "1")] if self.none else []
        pairs += [("side", "1")] if self.side else []
        pairs += [("shown", str(self.shown))] if self.shown != INITIAL_IMAGES else []
        return urlencode([*pairs, *more.items()])


@access(Permission.READ)
@require_safe
def images_tab(request: PageRequest, run_id: str) -> HttpResponse:
    head = find_run_head(request, run_id)
    etag = page_etag(request, head)
    if is_page_unchanged(request, etag):
        return page_not_modified(etag)
    found = list_images(head.run)
    state = _read_gallery_state(request)
    chosen = [image for image in found if state.is_chosen(image.name)]
    names = [(name, n, state.is_chosen(name)) for name, n in count_by_name(found)]
    base = run_path(request.workspace.name, run_id)
    context = {
        "look": state,
        "names": names,
        "chosen_names": sum(is_chosen for _name, _count, is_chosen in names),
        "all_query": GalleryState((), state.side, INITIAL_IMAGES).query(),
        "none_query": GalleryState((), state.side, INITIAL_IMAGES, none=True).query(),
        "total": len(found),
        "nothing": None if found else empty_state_of("images", head.run),
        "gallery_query": replace(state, side=False, shown=INITIAL_IMAGES).query(),
        "side_query": replace(state, side=True, shown=INITIAL_IMAGES).query(),
        **_gallery_context(base, state, chosen),
        **_full_size_image_context(request, base, state, chosen),
    }
    return show_run_tab(request, head, "images", etag, context)


def _read_gallery_state(request: PageRequest) -> GalleryState:
    text = request.GET.get("shown", "")
    shown = int(text) if text.isdecimal() and len(text) < 6 else INITIAL_IMAGES
    names = tuple(dict.fromkeys(request.GET.getlist("name")))
    side = request.GET.get("side") == "1"
    # No names mean all of them, so that "none" needs a parameter of its own.
    none = not names and request.GET.get("none") == "1"
    return GalleryState(names, side, min(max(shown, 1), MAX_IMAGES), none)


def _gallery_context(
    base: str, state: GalleryState, chosen: Sequence[RunImage]
) -> dict[str, Any]:
    if state.side:
        return _side_by_side_context(base, state, chosen)
    groups: dict[str, list[ImageTile]] = {}
    for image in chosen[: state.shown]:
        groups.setdefault(image.name, []).append(_image_tile(base, state, image))
    left = len(chosen) - state.shown
    more = replace(state, shown=min(state.shown * 2, MAX_IMAGES))
    can_show = left > 0 and state.shown < MAX_IMAGES
    return {
        "groups": list(groups.items()),
        "more_query": more.query() if can_show else "",
        "left": max(left, 0),
    }


def _side_by_side_context(
    base: str, state: GalleryState, chosen: Sequence[RunImage]
) -> dict[str, Any]:
    """Build a row per step and a column per name; the last image of a step counts."""
    names = [name for name, _count in count_by_name(chosen)][:MAX_COLUMNS]
    steps = sorted({image.step for image in chosen if image.step is not None})
    at = {(i.step, i.name): i for i in chosen if i.name in names}
    # The limit counts images, and a row has one for each name.
    limit = max(state.shown // max(len(names), 1), 1)
    rows = [
        (
            grouped(step),
            [
                _image_tile(base, state, at[step, name]) if (step, name) in at else None
                for name in names
            ],
        )
        for step in steps[:limit]
    ]
    more = replace(state, shown=min(state.shown * 2, MAX_IMAGES))
    has_more = len(steps) > limit and state.shown < MAX_IMAGES
    return {
        "columns": names,
        "side_rows": rows,
        "more_query": more.query() if has_more else "",
        "left": max(len(steps) - limit, 0),
    }


def _image_tile(base: str, state: GalleryState, image: RunImage) -> ImageTile:
    picture = image_file(base, image.file)
    # MLflow clients also store a small version, which saves loading the large one.
    small = image_file(base, image.small).shown if image.small else ""
    step = (
        _("step %(n)s") % {"n": grouped(image.step)} if image.step is not None else ""
    )
    return ImageTile(
        image.name,
        step,
        f"{base}images/?{state.query(open=image.path)}",
        small or picture.shown,
        picture,
    )


def _full_size_image_context(
    request: PageRequest, base: str, state: GalleryState, chosen: Sequence[RunImage]
) -> dict[str, Any]:
    """Return the image that is open at full size, and its neighbors."""
    path = request.GET.get("open", "")
    places = [n for n, image in enumerate(chosen) if image.path == path]
    if not places:
        return {"close_href": f"{base}images/?{state.query()}"}
    at = places[0]
    before = chosen[at - 1] if at else None
    after = chosen[at + 1] if at + 1 < len(chosen) else None
    return {
        "opened": _image_tile(base, state, chosen[at]),
        "place": pgettext("position of an image", "%(n)s of %(total)s")
        % {"n": grouped(at + 1), "total": grouped(len(chosen))},
        "before_href": before and f"{base}images/?{state.query(open=before.path)}",
        "after_href": after and f"{base}images/?{state.query(open=after.path)}",
        "close_href": f"{base}images/?{state.query()}",
    }
