"""A short table that a preview shows whole, or its first rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MAX_ROWS, MAX_COLUMNS = 200, 50


@dataclass(frozen=True)
class PreviewTable:
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    is_whole: bool = True
