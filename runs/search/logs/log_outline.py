"""What a reader of a log looks for first: its tracebacks, and which levels it has.

The outline is kept next to the log's line index. A log that has grown is read from
where the last reader stopped.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from runs.render.logs import (
    LEVELS,
    TRACEBACK_MARK,
    LineContext,
    RawLine,
    Traceback,
    TracebackFinder,
    read_lines,
)
from runs.search.logs.log_filter import LogFilter
from runs.search.logs.log_pattern import LogPattern
from runs.search.logs.log_scan import LogChunk, matching_lines, read_chunk
from runs.search.logs.log_source import LogSource
from runs.search.logs.raw_lines import iterate_raw_lines
from runs.storage.logs import LogReader, load_outline, save_outline

#: More tracebacks are counted only.
MAX_TRACEBACKS = 500
#: A request ends after this time, and the next one continues.
OUTLINE_SECONDS = 0.8
#: A larger traceback is cut.
MAX_TRACEBACK_LINES, MAX_TRACEBACK_BYTES = 3000, 2 * 1024 * 1024
#: Lines of a chunk that are read to find a level's first line.
MAX_CANDIDATES = 100
#: Less progress is not worth a write.
SAVED_BYTES = 4 * 1024 * 1024
#: Bytes before the position, whose digest tells whether an outline fits its log.
_CHECKED_BYTES = 256
_FORMAT = 2


@dataclass(frozen=True)
class LogOutline:
    """Tracebacks in order, and each level with its first line.

    `is_done` is false if a part of the log has not been read yet: the next call
    continues there.
    """

    tracebacks: tuple[Traceback, ...]
    traceback_count: int
    levels: dict[str, int]
    total: int
    is_done: bool


@dataclass
class _Progress:
    """What was found in the lines before the one that starts at `position`."""

    position: int = 0
    count: int = 0
    tracebacks: list[Traceback] = field(default_factory=list)
    levels: dict[str, int] = field(default_factory=dict)
    #: Found at the log's end, where it can go on: not saved.
    unfinished: list[Traceback] = field(default_factory=list)
    is_done: bool = False


def read_outline(source: LogSource, seconds: float = OUTLINE_SECONDS) -> LogOutline:
    """Return the tracebacks and levels of a log. Raises MissingBytes, OSError."""
    with source.open() as reader:
        progress = _load_progress(reader)
        before = replace(progress, levels=dict(progress.levels))
        _read_on(reader, progress, time.monotonic() + seconds)
        if _is_worth_saving(before, progress):
            save_outline(source.blob, _saved_form(reader, progress))
        total = reader.line_count
    found = [*progress.tracebacks, *progress.unfinished][:MAX_TRACEBACKS]
    levels = {each: progress.levels[each] for each in LEVELS if each in progress.levels}
    count = progress.count + len(progress.unfinished)
    return LogOutline(tuple(found), count, levels, total, progress.is_done)


def _read_on(reader: LogReader, progress: _Progress, deadline: float) -> None:
    while not progress.is_done:
        chunk = read_chunk(reader, progress.position)
        _find_levels(reader, chunk, progress)
        for raw in matching_lines(reader, chunk, _mark()):
            if raw.start < progress.position or raw.is_excerpt:
                continue
            if progress.count >= MAX_TRACEBACKS:
                progress.count += 1
            elif not _read_traceback(reader, progress, raw):
                progress.is_done = True
                return
            # The next request continues after this one.
            elif time.monotonic() >= deadline:
                return
        progress.position = max(progress.position, _end_of_chunk(reader, chunk))
        progress.is_done = chunk.stop >= reader.size
        if time.monotonic() >= deadline:
            return


def _end_of_chunk(reader: LogReader, chunk: LogChunk) -> int:
    """Return where the line after the chunk starts; an unfinished one is read again."""
    if chunk.is_partial:
        return reader.line_stop(chunk.start)
    return chunk.start + reader.find_last_line_end(chunk.data)


def _read_traceback(reader: LogReader, progress: _Progress, first: RawLine) -> bool:
    """Read the traceback that starts at a line; return whether the log goes on."""
    finder = TracebackFinder()
    context = LineContext(reader.encoding, tracebacks=finder)
    raw_lines = iterate_raw_lines(reader, first.start, first.number)
    last = first.number + MAX_TRACEBACK_LINES
    limit = first.start + MAX_TRACEBACK_BYTES
    for line in read_lines(raw_lines, context):
        is_cut = line.number > last or line.start > limit
        if not finder.is_inside or is_cut:
            finder.finish()
            progress.position = line.start
            progress.tracebacks += finder.found
            progress.count += len(finder.found)
            return True
    finder.finish()
    progress.position = first.start
    progress.unfinished = finder.found
    return False


def _find_levels(reader: LogReader, chunk: LogChunk, progress: _Progress) -> None:
    """Find the first lines of levels that earlier chunks don't have."""
    context = LineContext(reader.encoding)
    missing = {level for level in LEVELS if level not in progress.levels}
    read = 0
    while missing and read < MAX_CANDIDATES:
        # One expression for all: without the levels, the chunk is read one time.
        wanted = LogFilter(frozenset(missing)).scanned_pattern
        before = len(missing)
        for raw in matching_lines(reader, chunk, wanted):
            level = next(iter(read_lines([raw], context))).level
            read += 1
            if level in missing:
                progress.levels[level] = raw.number
                missing.discard(level)
                break
            if read >= MAX_CANDIDATES:
                break
        if len(missing) == before:
            return


def _is_worth_saving(before: _Progress, after: _Progress) -> bool:
    return (
        # The next request continues there.
        not after.is_done
        or after.position - before.position >= SAVED_BYTES
        or after.count > before.count
        or after.levels != before.levels
    )


def _saved_form(reader: LogReader, progress: _Progress) -> dict[str, Any]:
    return {
        "format": _FORMAT,
        "position": progress.position,
        "count": progress.count,
        "tracebacks": [asdict(each) for each in progress.tracebacks],
        "levels": progress.levels,
        "digest": _digest_before(reader, progress.position),
    }


def _load_progress(reader: LogReader) -> _Progress:
    """Return the saved progress; none if it is damaged or of another content."""
    saved = load_outline(reader.blob)
    if not saved or saved.get("format") != _FORMAT:
        return _Progress()
    position = saved["position"]
    if position > reader.size or saved["digest"] != _digest_before(reader, position):
        return _Progress()
    return _Progress(
        position,
        saved["count"],
        [Traceback(**each) for each in saved["tracebacks"]],
        saved["levels"],
        is_done=position >= reader.size,
    )


def _digest_before(reader: LogReader, position: int) -> str:
    data = reader.read(max(0, position - _CHECKED_BYTES), position)
    return blake2b(data, digest_size=8).hexdigest()


@lru_cache(maxsize=1)
def _mark() -> LogPattern:
    return LogPattern(TRACEBACK_MARK, is_cased=True)
