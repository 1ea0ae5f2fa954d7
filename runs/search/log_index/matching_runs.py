"""The runs whose logs match: candidates of the index, whose text is read.

The text of a log never changes before its end. So what was read once is remembered for
the next search with the same pattern, which lists that refresh send every few seconds.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.db.models import Q
from django.utils.translation import gettext as _

from runs.models import File, Workspace
from runs.search.expressions import search_slot
from runs.search.log_index.candidates import find_candidates, forget_candidates
from runs.search.log_index.log_pattern import LogPattern
from runs.search.log_index.log_text import block_text
from runs.search.sql import QUERY_SECONDS, InKeys
from runs.storage.log_index import Blocks
from runs.storage.logs import LogReader, open_log
from studio.core.errors import MissingBytes, QueryTimeout

#: Patterns whose read blocks are remembered, and blocks of each.
MAX_PATTERNS, MAX_REMEMBERED = 16, 300_000
#: If more logs than this have to be read, those of runs that other terms exclude are
#: left out first.
MAX_READ_AT_ONCE = 100
#: Logs whose rows are read at once: few at first, and twice as many each time.
FIRST_BATCH, MAX_BATCH = 256, 8192

#: Of runs, by their keys, those that fulfill the other terms of the filter.
Narrow = Callable[[Sequence[int]], Iterable[int]]


@dataclass
class _ReadBlocks:
    """What was read: by file the first block that matches, and blocks that do not."""

    matching: dict[int, tuple[int, int]] = field(default_factory=dict)
    others: set[tuple[int, int, int]] = field(default_factory=set)


@dataclass
class _Memory:
    patterns: OrderedDict[tuple[int, LogPattern], _ReadBlocks] = field(
        default_factory=OrderedDict
    )
    lock: threading.Lock = field(default_factory=threading.Lock)

    def read_blocks(self, workspace: int, pattern: LogPattern) -> _ReadBlocks:
        with self.lock:
            found = self.patterns.pop((workspace, pattern), None) or _ReadBlocks()
            if len(found.others) + len(found.matching) > MAX_REMEMBERED:
                found = _ReadBlocks()
            self.patterns[workspace, pattern] = found
            while len(self.patterns) > MAX_PATTERNS:
                self.patterns.popitem(last=False)
            return found


_memory = _Memory()


@dataclass
class PartialSearch:
    """A search that ends with what it found in its time, the newest logs first."""

    seconds: float
    is_stopped: bool = False


_partial: ContextVar[PartialSearch | None] = ContextVar("partial", default=None)


@contextmanager
def partial_search(seconds: float) -> Iterator[PartialSearch]:
    """Have searches inside stop after the time with what they found.

    Only for filters whose terms on logs are all required, and none negated.
    """
    search = PartialSearch(seconds)
    token = _partial.set(search)
    try:
        yield search
    finally:
        _partial.reset(token)


def forget_read_blocks() -> None:
    """For measuring: the next search reads everything again."""
    with _memory.lock:
        _memory.patterns.clear()
    forget_candidates()


@dataclass(frozen=True)
class LogRow:
    """A stored log that can be read."""

    pk: int
    run: int
    blob: str
    size: int
    path: str = ""


def find_matching_runs(
    workspace: Workspace, pattern: LogPattern, narrow: Narrow | None = None
) -> set[int]:
    """The keys of the runs with a log that matches; of the runs that `narrow` keeps.

    Raises QueryTimeout. What was read until then is remembered, so the next search
    continues.
    """
    partial = _partial.get()
    seconds = QUERY_SECONDS if partial is None else partial.seconds
    deadline = time.monotonic() + seconds
    known = _memory.read_blocks(workspace.pk, pattern)
    candidates = find_candidates(workspace.pk, pattern)
    # Another thread can add to what is known.
    found = _runs_of_logs(list(known.matching))
    try:
        with ExitStack() as stack:
            for number, blocks in enumerate(_unread_batches(candidates, known)):
                if not number and not stack.enter_context(search_slot()):
                    raise QueryTimeout(_("Other searches are running. Search again."))
                for log in _logs_to_read(blocks, narrow):
                    if _find_first_match(log, blocks[log.pk], pattern, known, deadline):
                        found.add(log.run)
                    _check_time(deadline)
    except QueryTimeout:
        if partial is None:
            raise
        partial.is_stopped = True
    return found


def _unread_batches(
    candidates: Blocks, known: _ReadBlocks
) -> Iterator[dict[int, list[tuple[int, int]]]]:
    """By file the blocks that no search has read; none of files that match.

    The newest files come first: they are asked for most, and a search can end after
    them. So a text that every log has does not cost a look at every log.
    """
    order = np.lexsort((candidates.starts, -candidates.files))
    matching = np.fromiter(list(known.matching), np.int64)
    blocks = candidates.chosen(order[~np.isin(candidates.files[order], matching)])
    _files, begins = np.unique(-blocks.files, return_index=True)
    bounds = [*begins.tolist(), len(blocks)]
    first, count = 0, FIRST_BATCH
    while first < len(begins):
        last = min(first + count, len(begins))
        rows = blocks.chosen(np.arange(bounds[first], bounds[last]))
        found: dict[int, list[tuple[int, int]]] = {}
        parts = (rows.files.tolist(), rows.starts.tolist(), rows.ends.tolist())
        for file, start, end in zip(*parts, strict=True):
            if (file, start, end) not in known.others:
                found.setdefault(file, []).append((start, end))
        if found:
            yield found
        first, count = last, min(2 * count, MAX_BATCH)


def _logs_to_read(files: Collection[int], narrow: Narrow | None) -> list[LogRow]:
    """The rows of these logs, newest first; of the runs that `narrow` keeps."""
    logs = read_log_rows(sorted(files))
    if narrow is not None and len(logs) > MAX_READ_AT_ONCE:
        kept = set(narrow(sorted({log.run for log in logs.values()})))
        logs = {pk: log for pk, log in logs.items() if log.run in kept}
    return [logs[pk] for pk in sorted(logs, reverse=True)]


def _find_first_match(
    log: LogRow,
    blocks: Sequence[tuple[int, int]],
    pattern: LogPattern,
    known: _ReadBlocks,
    deadline: float,
) -> bool:
    with readable_log(log) as reader:
        if reader is None:
            return False
        for start, end in sorted(blocks):
            try:
                text = read_block(reader, start, end)
            except MissingBytes:
                # It was cut off since it was opened.
                return False
            if pattern.has_match(text):
                known.matching[log.pk] = (start, end)
                return True
            known.others.add((log.pk, start, end))
            _check_time(deadline)
    return False


def _check_time(deadline: float) -> None:
    if time.monotonic() > deadline:
        raise QueryTimeout(
            _(
                "Reading the logs took longer than %(seconds)s seconds. Search again "
                "to continue, or narrow it: add an experiment or a shorter time, or "
                "search for a longer text."
            )
            % {"seconds": f"{QUERY_SECONDS:g}"}
        )


def read_log_rows(keys: Sequence[int]) -> dict[int, LogRow]:
    """The logs with these keys that were neither replaced nor deleted."""
    columns = ("pk", "run_id", "blob", "size")
    return {row[0]: LogRow(*row) for row in _current(keys).values_list(*columns)}


def _runs_of_logs(keys: Sequence[int]) -> set[int]:
    return set(_current(keys).values_list("run_id", flat=True)) if keys else set()


def _current(keys: Sequence[int]) -> Any:
    # A join with the run would have SQLite start from all runs of the workspace.
    rows = File.objects.filter(Q(InKeys("id", list(keys))), replaced__isnull=True)
    return rows.order_by()


@contextmanager
def readable_log(log: LogRow) -> Iterator[LogReader | None]:
    """The open log; None if it was deleted in the meantime."""
    try:
        opened = open_log(log.blob, log.size)
        reader = opened.__enter__()
    except (MissingBytes, OSError):
        yield None
        return
    try:
        yield reader
    finally:
        opened.__exit__(None, None, None)


def read_block(reader: LogReader, start: int, end: int) -> str:
    data = reader.read(start, end)
    return block_text(data, reader.encoding, is_first=start == 0)


def blocks_of_files(blocks: Blocks, files: Sequence[int]) -> Blocks:
    return blocks.chosen(np.isin(blocks.files, np.array(files, dtype=np.int64)))
