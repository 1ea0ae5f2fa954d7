"""JSON documents as previews show them."""

from __future__ import annotations

import json


def pretty_json(text: str) -> str | None:
    """The document with its indents; None if it is none, or nested beyond reason."""
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return None
