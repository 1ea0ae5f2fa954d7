"""Finds a text in all texts of a column at once, without a loop over them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from runs.storage.tables import StoredTable, TableColumn

_BLOCK_BYTES = 4 << 20
#: Bytes of ASCII letters as lower case; all others as they are.
_LOWER = np.frombuffer(bytes(range(256)).lower(), np.uint8)


def codes_containing(
    table: StoredTable, column: TableColumn, text: str
) -> NDArray[np.bool_]:
    """Return for each distinct text of the column whether it contains `text`.

    Ignores the case of ASCII letters, and of others if all are lower or upper case.
    """
    data, ends = table.array(column, "data"), table.array(column, "ends")
    found = np.zeros(len(ends), bool)
    for needle in {_folded(each) for each in (text, text.lower(), text.upper())}:
        for at in _positions(data, needle):
            codes = np.searchsorted(ends, at, "right")
            # A match can reach from the end of one text into the next one.
            found[codes[at + len(needle) <= ends[codes]]] = True
    return found


def _folded(text: str) -> bytes:
    return text.encode("utf-8", "replace").lower()


def _positions(data: NDArray[np.uint8], needle: bytes) -> Iterator[NDArray[np.intp]]:
    for start in range(0, len(data), _BLOCK_BYTES):
        block = _LOWER[data[start : start + _BLOCK_BYTES + len(needle) - 1]]
        last = max(0, len(block) - len(needle) + 1)
        at = np.flatnonzero(block[:last] == needle[0])
        for offset, byte in enumerate(needle[1:], start=1):
            at = at[block[at + offset] == byte]
        yield at + start
