"""Conditional requests for stored files: which bytes, and whether they have changed."""

from __future__ import annotations

import re

from django.http import HttpRequest

#: At most 18 digits, which fit in 64 bits. A list of ranges does not match, and the
#: response is the whole file, as HTTP allows.
_RANGE_HEADER = re.compile(r"bytes=(\d{1,18})?-(\d{1,18})?")


def requested_range(request: HttpRequest, size: int, tag: str) -> range | None:
    """Return the requested bytes: an empty range if out of bounds, None for all."""
    found = _RANGE_HEADER.fullmatch(request.headers.get("Range", ""))
    if found is None or not (found[1] or found[2]):
        return None
    # The file has changed since: a range would mix the bytes of two versions.
    if request.headers.get("If-Range", tag) != tag:
        return None
    if not found[1]:
        return range(max(0, size - int(found[2])), size)
    last = size - 1 if found[2] is None else int(found[2])
    if last < int(found[1]) and found[2] is not None:
        # By HTTP, an invalid range is ignored, but a start beyond the file is an error
        # (416).
        return None if int(found[1]) < size else range(0)
    return range(int(found[1]), min(last + 1, size))


def has_current_copy(request: HttpRequest, tag: str) -> bool:
    """Whether the client has this version (RFC 9110, section 13.1.2)."""
    known = request.headers.get("If-None-Match", "")
    # A proxy that compresses a response makes its tag a weak one.
    tags = (each.strip().removeprefix("W/") for each in known.split(","))
    return known == "*" or tag in tags
