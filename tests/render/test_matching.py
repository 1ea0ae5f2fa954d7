"""Longest common subsequences, against the table by the book."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from runs.render.compare.subsequence_matcher import SubsequenceMatcher

TEXTS = st.lists(st.sampled_from("abcd"), max_size=30)


def length(old: list[str], new: list[str]) -> int:
    table = [[0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for n, one in enumerate(old):
        for m, other in enumerate(new):
            best = max(table[n][m + 1], table[n + 1][m])
            table[n + 1][m + 1] = table[n][m] + 1 if one == other else best
    return table[-1][-1]


@given(TEXTS, TEXTS)
def test_the_match_is_a_common_subsequence_of_maximum_length(
    old: list[str], new: list[str]
) -> None:
    blocks = SubsequenceMatcher(old, new, 100).get_matching_blocks()
    for n, m, size in blocks:
        assert old[n : n + size] == new[m : m + size]
    assert sum(block.size for block in blocks) == length(old, new)
    at = [place for n, m, size in blocks for place in ((n, m), (n + size, m + size))]
    assert sorted(n for n, _m in at) == [n for n, _m in at]
    assert sorted(m for _n, m in at) == [m for _n, m in at]


def test_texts_with_too_many_differences_count_as_replaced() -> None:
    old = ["same", *"abcdef", "end"]
    new = ["same", *"xbcdey", "end"]
    assert len(SubsequenceMatcher(old, new, 6).get_opcodes()) == 5
    codes = [code[0] for code in SubsequenceMatcher(old, new, 5).get_opcodes()]
    assert codes == ["equal", "replace", "equal"]


def test_many_equal_lines_are_matched_quickly() -> None:
    old = ["a", "b"] * 5_000
    new = ["b", "b", "a"] * 3_333
    assert sum(
        block.size
        for block in SubsequenceMatcher(old, new, 10_000).get_matching_blocks()
    )
