"""The manifest of one call that logged media: captions, values and layers of its items.

A manifest is a file of a run, so nothing in it is trusted. It names files of its own
folder alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from studio.core.media.media_files import (
    MAX_CAPTION_CHARS,
    MAX_ITEMS,
    MAX_LAYERS,
    MAX_MANIFEST_BYTES,
    MAX_VALUES,
)

MAX_NAME_CHARS = 255


@dataclass(frozen=True)
class ManifestItem:
    """`file`, `small` and the files of layers are names in the manifest's folder."""

    file: str
    caption: str = ""
    values: tuple[tuple[str, float], ...] = ()
    layers: tuple[tuple[str, str], ...] = ()
    small: str = ""


def parse_manifest(data: bytes) -> list[ManifestItem]:
    """Return its valid items; none if the document is not one of ours."""
    if len(data) > MAX_MANIFEST_BYTES:
        return []
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return []
    items = document.get("items") if isinstance(document, dict) else None
    if not isinstance(items, list):
        return []
    return [
        _parse_item(item)
        for item in items[:MAX_ITEMS]
        if isinstance(item, dict) and _is_file_name(item.get("file"))
    ]


def _parse_item(item: Mapping[str, Any]) -> ManifestItem:
    caption, small = item.get("caption"), item.get("small")
    return ManifestItem(
        item["file"],
        caption[:MAX_CAPTION_CHARS] if isinstance(caption, str) else "",
        tuple(_parse_values(item.get("values"))),
        tuple(_parse_layers(item.get("layers"))),
        str(small) if _is_file_name(small) else "",
    )


def _parse_values(values: Any) -> Iterator[tuple[str, float]]:
    if not isinstance(values, dict):
        return
    for name, value in list(values.items())[:MAX_VALUES]:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            continue
        try:
            yield name[:MAX_NAME_CHARS], float(value)
        except OverflowError:
            # An integer in JSON can be larger than any float.
            continue


def _parse_layers(layers: Any) -> Iterator[tuple[str, str]]:
    for layer in layers[:MAX_LAYERS] if isinstance(layers, list) else ():
        if not isinstance(layer, dict) or not _is_file_name(layer.get("file")):
            continue
        name = layer.get("name")
        if isinstance(name, str) and name:
            yield name[:MAX_NAME_CHARS], layer["file"]


def _is_file_name(name: Any) -> bool:
    return (
        isinstance(name, str)
        and 0 < len(name) <= MAX_NAME_CHARS
        and "/" not in name
        and name not in (".", "..")
    )
