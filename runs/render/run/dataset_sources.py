"""Where a dataset came from, of what MLflow's clients say of its source."""

from __future__ import annotations

import json
from typing import Any

from runs.render.formats import utf8_text

#: Where the kinds of sources keep it, the commonest first.
_SOURCE_KEYS = ("uri", "url", "path", "delta_table_name", "table", "sql")


def dataset_source_address(source: str) -> str:
    """The address, path or table; nothing where the source has none of its own."""
    try:
        known: Any = json.loads(source)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(known, dict):
        return ""
    said = (known.get(key) for key in _SOURCE_KEYS)
    # Clients can log any JSON here.
    found = next((each for each in said if isinstance(each, str) and each), "")
    return utf8_text(found)
