"""What parsers of file contents share: the error, the fact sheet, and bounded JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol


class InvalidContent(Exception):
    """The bytes are not what the file's name says, or beyond what a preview shows."""


class ByteSource(Protocol):
    """A file that is read in parts; a read past the end returns fewer bytes."""

    size: int

    def read(self, length: int | None = -1, /) -> bytes: ...

    def seek(self, offset: int, /) -> int: ...

    def read_at(self, offset: int, length: int, /) -> bytes: ...


@dataclass(frozen=True)
class FactTable:
    """Rows of texts; `total` also counts rows that are left out."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    total: int

    @property
    def is_whole(self) -> bool:
        return len(self.rows) >= self.total


@dataclass(frozen=True)
class FactSheet:
    """What a file's header says: facts with their labels, notes, and tables."""

    facts: Sequence[tuple[str, str]]
    tables: Sequence[FactTable] = ()
    notes: Sequence[str] = ()
    #: Values of `?as=` at the address of the bytes that are pictures to show.
    pictures: Sequence[str] = ()


def shape_text(shape: Sequence[object]) -> str:
    """Return `3 × 224 × 224`; a scalar has no dimensions."""
    return " × ".join(map(str, shape)) if shape else "scalar"


def load_json(data: bytes, *, max_values: int) -> Any:
    """Parse a document of at most about `max_values` values. Raises InvalidContent."""
    # Counted before they are objects: three bytes of text become 60 of memory.
    if data.count(b",") + data.count(b"[") + data.count(b"{") > max_values:
        raise InvalidContent
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InvalidContent from error
