"""The first lines of runs' logs that match, with their numbers."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q

from runs.models import File, Run, Workspace
from runs.search.log_index.candidates import find_candidates
from runs.search.log_index.log_pattern import LogPattern
from runs.search.log_index.log_text import lines_of_states
from runs.search.log_index.matching_runs import (
    LogRow,
    blocks_of_files,
    read_block,
    readable_log,
)
from runs.search.sql import InKeys
from runs.storage.log_index import Blocks
from runs.storage.logs import LogReader

#: Lines that are shown of a run, and characters of each around its first match.
MAX_LINES, MAX_CHARS, CHARS_BEFORE = 3, 300, 80
#: What the first lines of all runs of a page may take.
HIT_SECONDS = 2.0


@dataclass(frozen=True)
class HitLine:
    """A line that matches; `parts` are texts, and whether each is a match."""

    number: int
    parts: tuple[tuple[str, bool], ...]


@dataclass(frozen=True)
class HitFile:
    path: str
    lines: tuple[HitLine, ...]


@dataclass(frozen=True)
class RunHits:
    """Hits of one run; `is_whole` is false if the time ended before they were read."""

    files: tuple[HitFile, ...]
    is_whole: bool = True


def find_hits(
    workspace: Workspace, patterns: Sequence[LogPattern], runs: Sequence[Run]
) -> dict[int, RunHits]:
    """By run its first matching lines. One query, and one for each pattern."""
    deadline = time.monotonic() + HIT_SECONDS
    logs = _logs_of(runs)
    keys = [log.pk for each in logs.values() for log in each]
    by_pattern = {
        pattern: blocks_of_files(find_candidates(workspace.pk, pattern), keys)
        for pattern in patterns
    }
    return {
        run.pk: _hits_of_run(logs.get(run.pk, []), by_pattern, deadline) for run in runs
    }


def _logs_of(runs: Sequence[Run]) -> dict[int, list[LogRow]]:
    rows = File.objects.filter(
        Q(InKeys("run_id", [run.pk for run in runs])), replaced__isnull=True
    )
    found: dict[int, list[LogRow]] = {}
    for file in rows.filter(indexed_log__isnull=False).order_by("pk"):
        log = LogRow(file.pk, file.run_id or 0, file.blob, file.size, file.path)
        found.setdefault(log.run, []).append(log)
    return found


def _hits_of_run(
    logs: Sequence[LogRow], by_pattern: dict[LogPattern, Blocks], deadline: float
) -> RunHits:
    found: list[HitFile] = []
    left = MAX_LINES
    for log in logs:
        blocks = _candidate_blocks(log, by_pattern)
        if not blocks:
            continue
        if time.monotonic() > deadline:
            return RunHits(tuple(found), is_whole=False)
        lines = _lines_of_log(log, blocks, left, deadline)
        if lines:
            found.append(HitFile(log.path, tuple(lines)))
        left -= len(lines)
        if left <= 0:
            break
    return RunHits(tuple(found))


def _candidate_blocks(
    log: LogRow, by_pattern: dict[LogPattern, Blocks]
) -> dict[tuple[int, int], list[LogPattern]]:
    found: dict[tuple[int, int], list[LogPattern]] = {}
    for pattern, blocks in by_pattern.items():
        own = blocks.chosen(blocks.files == log.pk)
        for place in zip(own.starts.tolist(), own.ends.tolist(), strict=True):
            found.setdefault(place, []).append(pattern)
    return found


def _lines_of_log(
    log: LogRow,
    blocks: dict[tuple[int, int], list[LogPattern]],
    most: int,
    deadline: float,
) -> list[HitLine]:
    lines: dict[int, HitLine] = {}
    with readable_log(log) as reader:
        for (start, end), patterns in sorted(blocks.items()) if reader else ():
            assert reader is not None
            for line in _lines_of_block(reader, start, end, patterns, most):
                lines.setdefault(line.number, line)
            if len(lines) >= most or time.monotonic() > deadline:
                break
    return [lines[number] for number in sorted(lines)][:most]


def _lines_of_block(
    reader: LogReader, start: int, end: int, patterns: Sequence[LogPattern], most: int
) -> list[HitLine]:
    text = read_block(reader, start, end)
    spans: dict[int, list[tuple[int, int]]] = {}
    for pattern in patterns:
        for first, last in pattern.iterate_spans(text):
            line = text.rfind("\n", 0, first) + 1
            if line not in spans and len(spans) >= most * len(patterns):
                break
            spans.setdefault(line, []).append((first - line, last - line))
    if not spans:
        return []
    number = reader.line_number(start)
    # The lines of the log: a line of the text can be a state of a progress bar.
    numbers = lines_of_states(reader.read(start, end), reader.encoding)
    found = []
    for line in sorted(spans)[:most]:
        stop = text.find("\n", line)
        content = text[line : stop if stop >= 0 else len(text)].rstrip("\r")
        at = number + numbers[text.count("\n", 0, line)]
        found.append(HitLine(at, _parts(content, sorted(spans[line]))))
    return found


def _parts(line: str, spans: Sequence[tuple[int, int]]) -> tuple[tuple[str, bool], ...]:
    """The line around its first match, in parts that match and parts that do not."""
    start = max(0, spans[0][0] - CHARS_BEFORE)
    stop = min(len(line), start + MAX_CHARS)
    parts: list[tuple[str, bool]] = [("…", False)] if start else []
    at = start
    for first, last in spans:
        if first < at or first >= stop:
            continue
        parts += [(line[at:first], False), (line[first : min(last, stop)], True)]
        at = min(last, stop)
    parts += [(line[at:stop], False), ("…" if stop < len(line) else "", False)]
    return tuple((text, is_match) for text, is_match in parts if text)
