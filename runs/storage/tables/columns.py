"""Collects the cells of a column, and settles whether it has numbers or texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runs.storage.tables.cell_values import (
    NumberCells,
    TextCells,
    numbers_of_texts,
    numbers_of_values,
    text_cells,
    value_text,
)

Cells = NumberCells | TextCells


class ColumnCells:
    """The cells of a column, added chunk by chunk.

    The first cell that is not missing decides the kind. A column of numbers in which a
    text follows `is_mixed`; its file is read again, with `as_text`.
    """

    def __init__(self, name: str, *, as_text: bool = False) -> None:
        self.name = name
        self.as_text = as_text
        self.is_mixed = False
        self.text_bytes = 0
        self._chunks: list[Cells] = []
        #: Missing cells at the start, before the kind is known.
        self._missing_at_start = 0

    def add_file_texts(self, texts: Sequence[str]) -> None:
        """Add cells of a text file, in which an empty cell is a missing one."""
        numbers = None if self.is_text else numbers_of_texts(texts)
        if numbers is None and not any(texts):
            self._add_missing(len(texts))
            return
        self._add(numbers, texts if all(texts) else [text or None for text in texts])

    def add_values(self, values: Sequence[Any]) -> None:
        """Add JSON values."""
        if all(value is None for value in values):
            self._add_missing(len(values))
            return
        numbers = None if self.is_text else numbers_of_values(values)
        self._add(numbers, [value_text(value) for value in values])

    def add_numbers(self, cells: NumberCells) -> None:
        """Add numbers of a file that has types, whose columns are never mixed."""
        self._start(NumberCells)
        self._chunks.append(cells)

    @property
    def is_text(self) -> bool:
        has_texts = bool(self._chunks) and isinstance(self._chunks[-1], TextCells)
        return self.as_text or has_texts

    def _add(self, numbers: NumberCells | None, texts: Sequence[str | None]) -> None:
        if numbers is not None:
            self.add_numbers(numbers)
        elif not self.is_text and self._chunks:
            self.is_mixed = True
        else:
            self._start(TextCells)
            cells = text_cells(texts)
            self.text_bytes += len(cells.data)
            self._chunks.append(cells)

    def _add_missing(self, count: int) -> None:
        if not self._chunks:
            self._missing_at_start += count
        else:
            self._chunks.append(_missing_cells(type(self._chunks[-1]), count))

    def _start(self, kind: type[Cells]) -> None:
        if self._missing_at_start and not self._chunks:
            self._chunks.append(_missing_cells(kind, self._missing_at_start))

    def joined(self) -> Cells:
        """Return all cells, and forget them here."""
        chunks, self._chunks = self._chunks, []
        if not chunks:
            return _missing_cells(TextCells, self._missing_at_start)
        missing = np.concatenate([chunk.missing for chunk in chunks])
        if isinstance(chunks[0], NumberCells):
            # Integers become floats as soon as one chunk has floats.
            return NumberCells(np.concatenate(_values_of(chunks)), missing)
        texts = [chunk for chunk in chunks if isinstance(chunk, TextCells)]
        data = b"".join(chunk.data for chunk in texts)
        return TextCells(
            data, np.concatenate([chunk.lengths for chunk in texts]), missing
        )


def _values_of(chunks: Sequence[Cells]) -> list[NDArray[Any]]:
    return [chunk.values for chunk in chunks if isinstance(chunk, NumberCells)]


def _missing_cells(kind: type[Cells], count: int) -> Cells:
    missing = np.ones(count, bool)
    if kind is NumberCells:
        return NumberCells(np.zeros(count, np.int64), missing)
    return TextCells(b"", np.zeros(count, np.int64), missing)
