"""Which blocks of logs can have a text: read from the segments of a workspace."""

from __future__ import annotations

from collections.abc import Sequence
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


def segment_names(workspace: int) -> list[str]:
    rows = LogSegment.objects.filter(workspace=workspace).order_by("pk")
    return list(rows.values_list("name", flat=True))


def find_candidates(workspace: int, pattern: LogPattern) -> Blocks:
    """The blocks that can match, and some that do not; a block can be there twice.

    Segments that are missing or damaged have none: the worker builds them again.
    """
    for _try in range(MAX_TRIES):
        names = segment_names(workspace)
        found = [_find_in_segment(workspace, name, pattern) for name in names]
        known = [blocks for blocks in found if blocks is not None]
        if len(known) == len(names):
            break
    return concatenate_blocks(known)


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
