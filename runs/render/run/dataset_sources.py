"""Where a dataset came from, of what MLflow's clients say of its source."""

from __future__ import annotations

import json
from typing import Any

#: Where the kinds of sources keep it, the commonest first.
_SOURCE_KEYS = ("uri", "url", "path", "delta_table_name", "table", "sql")


def dataset_source_address(source: str) -> str:
    """The address, path or table; nothing where the source has none of its own."""
    try:
        known: Any = json.loads(source)
    except ValueError:
        return ""
    if not isinstance(known, dict):
        return ""
    said = (known.get(key) for key in _SOURCE_KEYS)
    # Clients can log any JSON here.
    return next((each for each in said if isinstance(each, str) and each), "")
