"""Which words of two lines differ, as offsets in both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from runs.render.compare.diff_html import MAX_LINE_CHARS, MOST_WORDS, split_words
from runs.render.compare.subsequence_matcher import SubsequenceMatcher

Spans = tuple[tuple[int, int], ...]
#: Two lines with less in common would be marked nearly everywhere.
MIN_RATIO = 0.3


def changed_spans(old: str, new: str) -> tuple[Spans, Spans] | None:
    """Return the words of each line that the other lacks, as first and last + 1.

    None if the lines have too little in common, or are too long to compare.
    """
    if max(len(old), len(new)) > MAX_LINE_CHARS:
        return None
    mine, theirs = split_words(old), split_words(new)
    if max(len(mine), len(theirs)) > MOST_WORDS:
        return None
    matcher = SubsequenceMatcher(mine, theirs, MOST_WORDS)
    if matcher.ratio() < MIN_RATIO:
        return None
    changes = [each[1:] for each in matcher.get_opcodes() if each[0] != "equal"]
    return (
        tuple(_spans(mine, [each[:2] for each in changes])),
        tuple(_spans(theirs, [each[2:] for each in changes])),
    )


def _spans(
    words: Sequence[str], ranges: Sequence[tuple[int, ...]]
) -> Iterator[tuple[int, int]]:
    """Yield the characters of ranges of words; the ranges are in order."""
    at, position = 0, 0
    for first, stop in ranges:
        at += sum(map(len, words[position:first]))
        end = at + sum(map(len, words[first:stop]))
        if at < end:
            yield at, end
        at, position = end, stop
