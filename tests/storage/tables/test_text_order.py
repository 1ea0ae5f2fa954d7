"""The order of texts is that of their bytes, and each text is kept."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runs.storage.tables import text_order
from runs.storage.tables.text_order import DistinctTexts, find_distinct

TEXTS = st.lists(st.none() | st.text("ab\u00e9", max_size=30), max_size=60)


def sort_texts(values: list[str | None]) -> tuple[list[str], list[int]]:
    encoded = [(value or "").encode() for value in values]
    lengths = np.array([len(each) for each in encoded], np.int64)
    missing = np.array([value is None for value in values], bool)
    found = find_distinct(b"".join(encoded), lengths, missing)
    return distinct_of(found), found.codes.tolist()


def distinct_of(found: DistinctTexts) -> list[str]:
    starts = [0, *found.ends.tolist()]
    data = found.data.tobytes()
    return [data[start:end].decode() for start, end in pairwise(starts)]


@given(TEXTS)
def test_texts_are_sorted_and_numbered(values: list[str | None]) -> None:
    distinct, codes = sort_texts(values)
    assert distinct == sorted({v for v in values if v is not None}, key=str.encode)
    assert [None if code < 0 else distinct[code] for code in codes] == values


@given(TEXTS)
def test_texts_with_the_same_start_are_kept(values: list[str | None]) -> None:
    begun = [None if v is None else "x" * 260 + v for v in values]
    distinct, codes = sort_texts(begun)
    assert [None if code < 0 else distinct[code] for code in codes] == begun


def test_copies_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_order, "_COPIED_BYTES", 3)
    values: list[str | None] = ["bb", "a", "dddddd", "c", ""]
    assert sort_texts(values)[0] == ["", "a", "bb", "c", "dddddd"]
