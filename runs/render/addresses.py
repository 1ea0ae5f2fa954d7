"""How things are named in a path."""

from __future__ import annotations

import re

_FITS = re.compile(r"(?![.~])[^/\\\x00-\x1f]{1,200}")


def experiment_slug(number: int, name: str) -> str:
    """An experiment's name, or `~<id>` where the name does not fit a path."""
    return name if _FITS.fullmatch(name) else f"~{number}"
