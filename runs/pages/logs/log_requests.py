"""What the addresses of a log's fragments ask for."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

from django.utils.translation import get_language
from django.utils.translation import gettext as _

import studio
from runs.pages.requests import PageRequest
from runs.pages.run_shell import find_run_head
from runs.search.logs import (
    DEFAULT_COUNT,
    MAX_COUNT,
    LogFilter,
    LogPattern,
    LogSource,
    WindowQuery,
    check_levels,
    find_log_source,
)
from studio.core.errors import InvalidValue

#: More digits than any line number, byte or time has.
_MAX_DIGITS = 18


@dataclass(frozen=True)
class LinesQuery:
    """A window, and what is marked in its lines."""

    window: WindowQuery
    mark: LogPattern | None


def find_source(request: PageRequest, run_id: str) -> LogSource:
    """Return the log in the address. Raises NotFound, InvalidName."""
    head = find_run_head(request, run_id)
    given = request.GET
    return find_log_source(head.run, given.get("path", ""), given.get("model", ""))


def parse_lines_query(request: PageRequest, source: LogSource) -> LinesQuery:
    """Read where the window starts and which lines it shows. Raises InvalidValue."""
    count = parse_number(request, "count")
    since = parse_number(request, "since")
    known = request.GET.get("file", "")
    # Another file has this path now, so its reader starts again at the end.
    is_replaced = bool(known) and known != log_key(source)
    pattern = parse_pattern(request, "q")
    window = WindowQuery(
        line=parse_number(request, "line"),
        byte=parse_number(request, "byte"),
        at=parse_number(request, "at"),
        since=None if is_replaced else since,
        # What is new is shown from its end.
        is_end="end" in request.GET or is_replaced or since is not None,
        before=parse_number(request, "before"),
        above=min(parse_number(request, "above") or 0, MAX_COUNT),
        count=min(count or DEFAULT_COUNT, MAX_COUNT),
        filter=LogFilter(check_levels(request.GET.getlist("level")), pattern),
    )
    return LinesQuery(window, pattern or parse_pattern(request, "mark"))


def parse_pattern(request: PageRequest, name: str) -> LogPattern | None:
    """Read a text to find; with `regex=1` an expression, with `case=1` as written."""
    text = request.GET.get(name, "")
    if not text:
        return None
    return LogPattern(
        text,
        is_regex=request.GET.get("regex") == "1",
        is_cased=request.GET.get("case") == "1",
    )


def parse_number(request: PageRequest, name: str) -> int | None:
    """Read a number of the address; None if it has none. Raises InvalidValue."""
    text = request.GET.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS):
        raise InvalidValue(
            _("%(name)s must be a whole number.") % {"name": name}, field=name
        )
    return int(text)


def log_key(source: LogSource) -> str:
    """Return what stays the same while a log grows, and changes when it is replaced."""
    return blake2b(source.blob.encode(), digest_size=6).hexdigest()


def fragment_etag(request: PageRequest, source: LogSource) -> str:
    seen = (
        studio.__version__,
        request.get_full_path(),
        source.version,
        source.started,
        get_language(),
    )
    return f'"{blake2b(repr(seen).encode(), digest_size=12).hexdigest()}"'
