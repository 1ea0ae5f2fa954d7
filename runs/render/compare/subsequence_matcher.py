"""Which parts of two sequences are the same: a longest common subsequence.

difflib looks for the longest match, then for that on either side of it, and so on:
where much is equal, as in a log, that takes time with the cube of the length. Here a
row of the table of lengths is one integer (Hyyrö 2004, "Bit-parallel LCS-length
computation revisited"), so that ten thousand lines are matched in a moment, whatever
they are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from difflib import Match, SequenceMatcher


class SubsequenceMatcher(SequenceMatcher[str]):
    """As difflib's, with its opcodes and its ratio, but for how matches are found.

    Of what remains between an equal beginning and an equal end, more than `most` parts
    on a side are taken for replaced.
    """

    def __init__(self, old: Sequence[str], new: Sequence[str], most: int) -> None:
        # With `autojunk`, difflib ignores parts that repeat often, such as blank lines.
        super().__init__(None, old, new, autojunk=False)
        self._sides, self._most = (old, new), most
        self._blocks: list[Match] = []

    def get_matching_blocks(self) -> list[Match]:
        if not self._blocks:
            old, new = self._sides
            pairs = _common_pairs(old, new, self._most)
            self._blocks = [*_merge_pairs(pairs), Match(len(old), len(new), 0)]
        return self._blocks


def equal_pairs(
    old: Sequence[str], new: Sequence[str], most: int
) -> list[tuple[int, int]]:
    """Return the positions of what is the same, in order; see `SubsequenceMatcher`."""
    return list(_common_pairs(old, new, most))


def _common_pairs(
    old: Sequence[str], new: Sequence[str], most: int
) -> Iterator[tuple[int, int]]:
    """The places of what is the same, in order."""
    first, shorter = 0, min(len(old), len(new))
    # Versions of a file mostly differ in a few places, so this leaves little to match.
    while first < shorter and old[first] == new[first]:
        first += 1
    last = 0
    # The parts of the beginning must not be counted again from the end.
    while last < shorter - first and old[-1 - last] == new[-1 - last]:
        last += 1
    yield from zip(range(first), range(first), strict=True)
    ends = len(old) - last, len(new) - last
    if max(ends) - first <= most:
        yield from _match_between_anchors(old, new, first, *ends)
    yield from zip(range(ends[0], len(old)), range(ends[1], len(new)), strict=True)


def _match_between_anchors(
    old: Sequence[str], new: Sequence[str], start: int, end: int, stop: int
) -> Iterator[tuple[int, int]]:
    # What stands on one side only has no match, and need not be looked for.
    both = set(old[start:end]) & set(new[start:stop])
    mine = [n for n in range(start, end) if old[n] in both]
    theirs = [n for n in range(start, stop) if new[n] in both]
    found = _longest_common_pairs([old[n] for n in mine], [new[n] for n in theirs])
    return ((mine[n], theirs[m]) for n, m in found)


def _longest_common_pairs(
    old: Sequence[str], new: Sequence[str]
) -> list[tuple[int, int]]:
    places: dict[str, int] = defaultdict(int)
    for n, part in enumerate(old):
        # Bit n of a part's number says that it stands at place n of the old side.
        places[part] |= 1 << n
    every = (1 << len(old)) - 1
    row, rows = every, []
    for part in new:
        fitting = row & places[part]
        row = ((row + fitting) | (row - fitting)) & every
        rows.append(row)
    return _backtrack(rows, len(old), len(new))


def _backtrack(rows: Sequence[int], n: int, m: int) -> list[tuple[int, int]]:
    """From the table's end to its beginning, along one longest subsequence."""
    found = []
    while n and m:
        if rows[m - 1] >> (n - 1) & 1:
            n -= 1
        elif m > 1 and not rows[m - 2] >> (n - 1) & 1:
            m -= 1
        else:
            n, m = n - 1, m - 1
            found.append((n, m))
    return found[::-1]


def _merge_pairs(pairs: Iterator[tuple[int, int]]) -> Iterator[Match]:
    """Neighbors as one block."""
    start = other = size = 0
    for n, m in pairs:
        if size and (n, m) == (start + size, other + size):
            size += 1
            continue
        if size:
            yield Match(start, other, size)
        start, other, size = n, m, 1
    if size:
        yield Match(start, other, size)
