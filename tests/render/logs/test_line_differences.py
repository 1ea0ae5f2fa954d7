"""Which words of two lines differ."""

from __future__ import annotations

import pytest

from runs.render.logs import line_difference

NOON = "2026-11-24 12:00:00"


def marked(text: str, spans: tuple[tuple[int, int], ...]) -> list[str]:
    return [text[start:stop] for start, stop in spans]


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (f"{NOON} INFO step 1", "2027-01-01 00:00:07 INFO step 1"),
        (f"{NOON} INFO step 1", " INFO step 1"),
        ("I1124 12:00:00.5 x.py:1] a", "I0101 01:02:03.4 x.py:1] a"),
    ],
)
def test_time_stamps_are_no_difference(left: str, right: str) -> None:
    assert line_difference(left, right) is None


def test_words_that_the_other_line_lacks_are_marked() -> None:
    left = f"{NOON} INFO loss 0.5 lr 0.1"
    right = f"{NOON},123 WARN loss 0.7 lr 0.1 end"
    found = line_difference(left, right)
    assert found is not None
    assert marked(left, found.left) == ["INFO", "5"]
    assert marked(right, found.right) == ["WARN", "7", " end"]
    found = line_difference(f"{NOON}x a b c", f"{NOON}y a b c")
    assert found is not None
    assert marked(f"{NOON}x", found.left) == ["x"]


def test_lines_with_little_in_common_differ_as_a_whole() -> None:
    found = line_difference("epoch 3 done", "Traceback (most recent call last):")
    assert found is not None
    assert found.is_whole


def test_a_difference_on_both_sides_of_a_stamp_has_two_marks() -> None:
    left, right = f"rank{NOON}ok a b c d", "rankx a b c d"
    found = line_difference(left, right)
    assert found is not None
    assert marked(left, found.left) == ["rank", "ok"]
