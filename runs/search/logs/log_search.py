"""Search through a whole log, some hits at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from runs.render.logs import LineContext, LogLine, RawLine, decode_line, plain_text
from runs.render.logs import read_lines as read_log_lines
from runs.search.expressions import search_slot
from runs.search.logs.log_pattern import LogPattern
from runs.search.logs.log_scan import LogScan, matching_lines
from runs.search.logs.log_source import LogShape, LogSource, read_shape
from runs.storage.logs import LogReader
from studio.core.errors import InvalidValue

MAX_HITS = 200
#: A request ends after this time, with the hits so far.
SEARCH_SECONDS = 0.4
EXCERPT_CHARS = 240
_CHARS_BEFORE_MARK = 60
_CURSOR = re.compile(r"(\d{1,18})(?:@(\d{1,18}))?", re.ASCII)


@dataclass(frozen=True)
class LogHit:
    """A line that matches: a part of its text, and the matches in it as offsets.

    In a folded hit, the match is in an earlier state of a progress bar.
    """

    number: int
    text: str
    marks: tuple[tuple[int, int], ...]
    level: str = ""
    time: int | None = None
    is_folded: bool = False


@dataclass(frozen=True)
class LogSearch:
    """Hits in the order of lines. `next` continues the search, if it is not done.

    `searched_bytes` of `size` bytes are behind, from the log's start.
    """

    hits: tuple[LogHit, ...]
    is_done: bool
    next: str
    searched_bytes: int
    size: int


def search_log(
    source: LogSource,
    pattern: LogPattern,
    *,
    after: str = "",
    max_hits: int = MAX_HITS,
    seconds: float = SEARCH_SECONDS,
) -> LogSearch:
    """Find lines after a line number, or after the `next` of an earlier search.

    Raises MissingBytes, OSError, and InvalidValue for a wrong `after`.
    """
    last, byte = _parse_cursor(after)
    with search_slot() as has_slot, source.open() as reader:
        start = byte or (reader.line_start(last + 1) if last else 0)
        start = min(start, source.size)
        # Others search: the next request tries again.
        scan = LogScan(reader, start, seconds, stop=None if has_slot else start)
        shape = read_shape(reader, source.started)
        hits: list[LogHit] = []
        for raw in _matching_lines(reader, scan, pattern):
            # A very long line is read in parts, and is one hit.
            if raw.number <= last:
                continue
            last = raw.number
            hits.append(_read_hit(reader, shape, raw, pattern))
            if len(hits) == max_hits:
                byte = reader.line_stop(raw.start)
                done = byte >= source.size
                return LogSearch(tuple(hits), done, str(last), byte, source.size)
    done = scan.position >= source.size
    following = f"{last}@{scan.position}"
    return LogSearch(tuple(hits), done, following, scan.position, source.size)


def _matching_lines(
    reader: LogReader, scan: LogScan, pattern: LogPattern
) -> Iterator[RawLine]:
    for chunk in scan.chunks():
        yield from matching_lines(reader, chunk, pattern)


def _parse_cursor(after: str) -> tuple[int, int]:
    """Return the last line that can be a hit already, and a byte or 0."""
    if not after:
        return 0, 0
    found = _CURSOR.fullmatch(after)
    if found is None:
        raise InvalidValue(_("after must be a line number."), field="after")
    return int(found[1]), int(found[2] or 0)


def _read_hit(
    reader: LogReader, shape: LogShape, raw: RawLine, pattern: LogPattern
) -> LogHit:
    context = LineContext(reader.encoding, shape.clock, ())
    line = next(iter(read_log_lines([raw], context)))
    if raw.is_excerpt:
        # Level and time are at the start of a line.
        line = replace(line, level="", time=None)
    marks = pattern.find_all(line.text)
    if marks:
        return _hit_of(line, line.text, marks)
    return _folded_hit(raw, line, context, pattern)


def _folded_hit(
    raw: RawLine, line: LogLine, context: LineContext, pattern: LogPattern
) -> LogHit:
    """The match is in a state that was overwritten, or beyond what is shown."""
    encoding = "utf-8" if raw.is_excerpt else context.encoding
    whole = decode_line(raw.data, encoding)
    for state in whole.split("\r"):
        text = plain_text(state)
        marks = pattern.find_all(text)
        if marks:
            return _hit_of(line, text, marks, is_folded="\r" in whole)
    return _hit_of(line, line.text, ())


def _hit_of(
    line: LogLine,
    text: str,
    marks: tuple[tuple[int, int], ...],
    *,
    is_folded: bool = False,
) -> LogHit:
    first = max(0, marks[0][0] - _CHARS_BEFORE_MARK) if marks else 0
    if len(text) <= EXCERPT_CHARS:
        first = 0
    shown = text[first : first + EXCERPT_CHARS]
    start = "…" if first else ""
    end = "…" if first + EXCERPT_CHARS < len(text) else ""
    moved = len(start) - first
    inside = tuple(
        (begin + moved, min(stop, first + EXCERPT_CHARS) + moved)
        for begin, stop in marks
        if begin < first + EXCERPT_CHARS
    )
    return LogHit(
        line.number,
        f"{start}{shown}{end}",
        inside,
        line.level,
        line.time,
        is_folded,
    )
