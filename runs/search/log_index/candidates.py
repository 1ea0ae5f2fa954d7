"""Which blocks of logs can have a text: read from the segments of a workspace."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import reduce

import numpy as np

from runs.models import LogSegment
from runs.search.log_index.literals import Alternative
from runs.search.log_index.log_pattern import LogPattern
from runs.storage.log_index import (
    Blocks,
    Segment,
    concatenate_blocks,
    grams_of_literal,
    segments,
)

#: A search that meets a merge of segments reads the list of them again.
MAX_TRIES = 3
#: Answers that are remembered, and blocks of each. A page asks for the same twice, and
#: lists that refresh ask for it again.
MAX_REMEMBERED, MAX_REMEMBERED_BLOCKS = 8, 500_000

#: The workspace, its segments, which never change, and the pattern.
_Key = tuple[int, tuple[str, ...], LogPattern]


@dataclass
class _Cache:
    found: OrderedDict[_Key, Blocks] = field(default_factory=OrderedDict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, key: _Key) -> Blocks | None:
        with self.lock:
            blocks = self.found.get(key)
            if blocks is not None:
                self.found.move_to_end(key)
            return blocks

    def add(self, key: _Key, blocks: Blocks) -> Blocks:
        if len(blocks) <= MAX_REMEMBERED_BLOCKS:
            with self.lock:
                self.found[key] = blocks
                while len(self.found) > MAX_REMEMBERED:
                    self.found.popitem(last=False)
        return blocks

    def clear(self) -> None:
        with self.lock:
            self.found.clear()


_cache = _Cache()


def segment_names(workspace: int) -> list[str]:
    rows = LogSegment.objects.filter(workspace=workspace).order_by("pk")
    return list(rows.values_list("name", flat=True))


def find_candidates(workspace: int, pattern: LogPattern) -> Blocks:
    """The blocks that can match, and some that do not; a block can be there twice.

    Segments that are missing or damaged have none: the worker builds them again.
    """
    for _try in range(MAX_TRIES):
        names = segment_names(workspace)
        key = (workspace, tuple(names), pattern)
        known = _cache.get(key)
        if known is not None:
            return known
        found = [_find_in_segment(workspace, name, pattern) for name in names]
        readable = [blocks for blocks in found if blocks is not None]
        if len(readable) == len(names):
            return _cache.add(key, concatenate_blocks(readable))
    return concatenate_blocks(readable)


def forget_candidates() -> None:
    """For measuring: the next search reads the segments again."""
    _cache.clear()


def _find_in_segment(workspace: int, name: str, pattern: LogPattern) -> Blocks | None:
    try:
        with segments.open(workspace, name) as segment:
            places = _matching_places(segment, pattern)
            return segment.blocks.chosen(places)
    except (OSError, ValueError):
        return None


def _matching_places(segment: Segment, pattern: LogPattern) -> np.ndarray:
    found = np.ones(len(segment.blocks), bool)
    for clause in pattern.clauses:
        parts = [_has_all(segment, alternative) for alternative in clause]
        found &= reduce(np.logical_or, parts)
        if not found.any():
            break
    return np.flatnonzero(found)


def _has_all(segment: Segment, texts: Alternative) -> np.ndarray:
    grams: Sequence[int] = list(
        dict.fromkeys(g for text in texts for g in grams_of_literal(text.encode()))
    )
    found = np.zeros(len(segment.blocks), bool)
    found[segment.find_blocks(grams)] = True
    return found
