"""Sizes and durations as people write them: `4GB`, `1-12:00:00`."""

from __future__ import annotations

import re

_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,6})?)\s?(?:([KMGT])(?:i?B)?|B)?", re.IGNORECASE)
_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
_DURATION = re.compile(r"(?:(\d{1,4})-)?(\d{1,5}):([0-5]\d):([0-5]\d)")


def parse_size(text: str) -> int:
    """Bytes; a unit is a multiple of 1024. Raises ValueError."""
    found = _SIZE.fullmatch(text)
    if not found:
        raise ValueError(text)
    return int(float(found[1]) * _UNITS[(found[2] or "").upper()])


def parse_duration(text: str) -> int:
    """Seconds of `H:MM:SS` or `DAYS-HH:MM:SS`. Raises ValueError."""
    found = _DURATION.fullmatch(text)
    if not found:
        raise ValueError(text)
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
