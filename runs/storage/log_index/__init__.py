"""Segments of the index of log texts: which blocks of logs have which trigrams."""

from runs.storage.log_index.grams import (
    MIN_LITERAL_BYTES,
    GramArray,
    block_grams,
    grams_of_literal,
)
from runs.storage.log_index.segment_files import (
    MAX_SEGMENT_BLOCKS,
    Blocks,
    Segment,
    SegmentStore,
    concatenate_blocks,
    segments,
)

__all__ = [
    "MAX_SEGMENT_BLOCKS",
    "MIN_LITERAL_BYTES",
    "Blocks",
    "GramArray",
    "Segment",
    "SegmentStore",
    "block_grams",
    "concatenate_blocks",
    "grams_of_literal",
    "segments",
]
