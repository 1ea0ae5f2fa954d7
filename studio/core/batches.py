"""Long lists in parts: a database limits the values of one query."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

Item = TypeVar("Item")

#: Both databases take 32,766 values at least; a question may have others too.
SIZE = 1000


def batches(items: Sequence[Item], size: int = SIZE) -> Iterator[Sequence[Item]]:
    """`items` in order, at most `size` at a time."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
