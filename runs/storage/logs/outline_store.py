"""What was found in a log, kept next to its line index."""

from __future__ import annotations

import contextlib
import json
import uuid
from typing import Any

from runs.storage.files import files


def load_outline(blob: str) -> dict[str, Any]:
    """Read the saved outline; empty if it is missing or damaged."""
    try:
        found = json.loads(files.derived_path(blob, "outline").read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def save_outline(blob: str, outline: dict[str, Any]) -> None:
    """Save it whole or not at all; a full disk is no failure."""
    path = files.derived_path(blob, "outline")
    temporary = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
    with contextlib.suppress(OSError):
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            temporary.write_text(json.dumps(outline))
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    if not files.exists(blob):
        path.unlink(missing_ok=True)
