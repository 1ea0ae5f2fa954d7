"""The files that metrics name: how they are called, and what stands in them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from studio.sdk.errors import UserErrorException
from studio.sdk.values import wire


def as_json(value: Any) -> str:
    """The text of a document. Raises UserErrorException."""

    def plain(other: Any) -> Any:
        # An array, or a number of numpy.
        return other.tolist() if hasattr(other, "tolist") else str(other)

    try:
        text = json.dumps(value, default=plain)
    except (TypeError, ValueError, RecursionError) as error:
        raise UserErrorException(f"Invalid JSON provided: {error}") from error
    return json.dumps(wire(json.loads(text)))


def as_path(name: str) -> str:
    """A file's path of a metric's name or a local path, without what none may hold."""
    parts = str(name).replace(os.sep, "/").replace("\\", "/").split("/")
    kept = [part for part in parts if part not in ("", ".", "..")]
    text = "/".join(kept) or "unnamed"
    text = "".join(char if char.isprintable() else "_" for char in text)
    return f"{text[0]}_{text[2:]}" if text[1:2] == ":" else text


_MAGIC = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\x00", b"MM\x00*")


def is_image(path: Path) -> bool:
    """Whether the file begins as one."""
    with path.open("rb") as file:
        head = file.read(512)
    is_webp = head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    return head.startswith(_MAGIC) or is_webp or b"<svg" in head
