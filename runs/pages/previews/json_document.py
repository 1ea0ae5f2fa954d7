"""JSON documents as trees."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from runs.pages.previews.kind import PreviewKind, Shown
from runs.pages.previews.reader import MAX_JSON_BYTES, PreviewReader
from runs.render.files import file_extension, is_binary
from runs.render.previews import json_tree


@dataclass(frozen=True)
class JsonTree:
    """`note` says why the document is shown as a tree, or is empty."""

    html: SafeString
    note: str = ""


def is_json(name: str, head: bytes) -> bool:
    is_named = file_extension(name) in {"json", "geojson", "webmanifest"}
    return is_named and not is_binary(head)


def build(reader: PreviewReader) -> Shown:
    return Shown(JsonTree(json_tree(reader.json())))


def can_show(reader: PreviewReader) -> bool:
    reader.json()
    return True


JSON_DOCUMENT = PreviewKind(
    "json",
    gettext_lazy("Show tree"),
    is_json,
    build,
    MAX_JSON_BYTES,
    icon="json",
    can_show=can_show,
)
