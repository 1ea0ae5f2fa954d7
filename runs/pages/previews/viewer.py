"""The viewer of one file: the kind that shows it, and links to the other kinds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from runs.pages.previews.kind import PreviewKind, Shown
from runs.pages.previews.reader import (
    SNIFFED_BYTES,
    BudgetExceeded,
    FileContent,
    PreviewReader,
    ViewerAddress,
)
from runs.pages.previews.registry import KINDS
from runs.render.files import file_icon
from runs.render.previews import InvalidContent
from studio.core.errors import MissingBytes, NotFound


@dataclass(frozen=True)
class ViewLink:
    """A button that shows the file as another kind."""

    label: str | Promise
    icon: str
    href: str


@dataclass(frozen=True)
class Preview:
    """What the viewer shows; `shown` is the content that the kind's template gets.

    `kind` is empty if the bytes are missing. `is_limited` if the kind that suits the
    file would have read too much of it.
    """

    kind: str
    template: str
    tools: str = ""
    shown: object = None
    summary: str = ""
    views: Sequence[ViewLink] = ()
    is_limited: bool = False
    #: A template that replaces the usual head.
    head: str = ""


MISSING = Preview("", "previews/_missing.html")
EMPTY = Preview("empty", "previews/_empty.html")


@dataclass(frozen=True)
class Neighbor:
    """Another image of the run, which can be laid over this one."""

    path: str
    src: str


def file_viewer_context(
    request: HttpRequest,
    file: FileContent,
    href: str,
    raw_href: str,
    neighbors: Sequence[Neighbor] = (),
) -> dict[str, Any]:
    """Return the context of `_file_view.html`; `raw_href` has the file's bytes."""
    view = request.GET.get("view", "")
    file = replace(file, viewer=ViewerAddress(request.GET, href, raw_href))
    return {
        "file_icon": file_icon(file.name),
        "raw_href": raw_href,
        "file_href": href,
        "neighbors": neighbors,
        "preview": preview_file(file, view=view, href=href),
    }


def preview_file(file: FileContent, *, view: str = "", href: str = "") -> Preview:
    """Show the file as the kind named `view`, else as the first one that can."""
    try:
        with file.open() as source:
            if not file.size:
                return EMPTY
            return _show(PreviewReader(file, source, SNIFFED_BYTES, 5), view, href)
    except MissingBytes:
        return MISSING


def _show(reader: PreviewReader, view: str, href: str) -> Preview:
    kinds = _matching_kinds(reader)
    is_limited = False
    for kind in _in_order(kinds, view):
        try:
            shown = _build(kind, reader)
        except BudgetExceeded:
            is_limited, shown = True, None
        except InvalidContent:
            shown = None
        if shown is None:
            kinds.remove(kind)
            continue
        others = [each for each in kinds if each is kind or _can_show(each, reader)]
        return Preview(
            kind.name,
            shown.template or kind.template,
            kind.tools,
            shown.content,
            shown.summary,
            _view_links(others, kind, href),
            is_limited,
            shown.head,
        )
    return Preview("none", "previews/_none.html", is_limited=is_limited)


def _matching_kinds(reader: PreviewReader) -> list[PreviewKind]:
    head = reader.read(SNIFFED_BYTES)
    return [kind for kind in KINDS if kind.matches(reader.name, head)]


def _in_order(kinds: Sequence[PreviewKind], view: str) -> list[PreviewKind]:
    """Sort the wanted kind first, and those that are shown on request last."""
    return sorted(kinds, key=lambda kind: (kind.view_name != view, kind.on_request))


def _build(kind: PreviewKind, reader: PreviewReader) -> Shown | None:
    reader.allow(kind.max_bytes, kind.max_seconds)
    reader.seek(0)
    return kind.build(reader)


def _can_show(kind: PreviewKind, reader: PreviewReader) -> bool:
    if kind.can_show is None:
        return True
    reader.allow(kind.max_bytes, kind.max_seconds)
    reader.seek(0)
    try:
        return kind.can_show(reader)
    except (BudgetExceeded, InvalidContent):
        return False


def _view_links(
    kinds: Sequence[PreviewKind], shown: PreviewKind, href: str
) -> list[ViewLink]:
    separator = "&" if "?" in href else "?"
    default = _in_order(kinds, "")[0]
    return [
        ViewLink(
            kind.label,
            kind.icon,
            href if kind is default else f"{href}{separator}view={kind.view_name}",
        )
        for kind in kinds
        if kind is not shown
    ]


def part_response(
    request: HttpRequest, file: FileContent, name: str
) -> HttpResponseBase:
    """Answer `?as=<name>`: what a kind's page loads of the file.

    Raises NotFound if the file has no such part, MissingBytes.
    """
    file = replace(file, viewer=ViewerAddress(request.GET, "", request.path))
    with file.open() as source:
        reader = PreviewReader(file, source, SNIFFED_BYTES, 5)
        for kind in _matching_kinds(reader):
            if kind.name == name and kind.respond is not None:
                reader.allow(kind.max_bytes, kind.max_seconds)
                reader.seek(0)
                try:
                    return kind.respond(request, reader)
                except (BudgetExceeded, InvalidContent):
                    break
    raise NotFound(_("This file cannot be shown in this way."))
