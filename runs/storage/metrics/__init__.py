"""Metric points: arrays, packed chunks, the series' heads, and the store of all."""

from runs.storage.metrics.chunked_store import store
from runs.storage.metrics.chunks import unpack_row
from runs.storage.metrics.downsampling import sample_positions
from runs.storage.metrics.heads import AppendRule
from runs.storage.metrics.points import (
    MAX_EXACT_INTEGER,
    PointNote,
    Points,
    Value,
    as_float,
    make_points,
)

__all__ = [
    "MAX_EXACT_INTEGER",
    "AppendRule",
    "PointNote",
    "Points",
    "Value",
    "as_float",
    "make_points",
    "sample_positions",
    "store",
    "unpack_row",
]
