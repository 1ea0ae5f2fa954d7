"""What changed between two texts, word by word."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from runs.render.compare.subsequence_matcher import SubsequenceMatcher

SAME, REMOVED, ADDED = "same", "gone", "new"
#: Of longer texts what lies between their equal ends is taken for replaced.
MOST_LINES, MOST_WORDS = 2_000, 1_500
_WORDS = re.compile(r"\w+|\s+|[^\w\s]")


@dataclass(frozen=True)
class DiffPart:
    kind: str
    text: str


def word_diff(before: str, after: str) -> list[DiffPart]:
    """The parts of both in order: lines are compared first, then words in them."""
    return list(
        _merge_parts(_diff_lines_then_words(_split_words(before), _split_words(after)))
    )


#: What is kept around a change, and of a change itself.
_CONTEXT_WORDS, _CHANGED = 60, 1_000


def shorten_unchanged_parts(parts: Sequence[DiffPart]) -> list[DiffPart]:
    """The changes with some words around each, and an ellipsis for the rest."""
    last = len(parts) - 1
    return [_shorten_part(part, at == 0, at == last) for at, part in enumerate(parts)]


def _shorten_part(part: DiffPart, is_first: bool, is_last: bool) -> DiffPart:
    text = part.text
    if part.kind != SAME:
        cut = text if len(text) <= _CHANGED else f"{text[:_CHANGED]}…"
    else:
        head = "" if is_first else text[:_CONTEXT_WORDS]
        tail = "" if is_last else text[-_CONTEXT_WORDS:]
        cut = text if len(text) <= 2 * _CONTEXT_WORDS else f"{head}…{tail}"
    return DiffPart(part.kind, cut)


def _split_words(text: str) -> list[str]:
    return text.replace("\r\n", "\n").splitlines(keepends=True)


def _diff_lines_then_words(
    old: Sequence[str], new: Sequence[str]
) -> Iterator[DiffPart]:
    for start, end, low, high, is_same in _matching_spans(old, new, MOST_LINES):
        gone, made = "".join(old[start:end]), "".join(new[low:high])
        if is_same:
            yield DiffPart(SAME, made)
        else:
            # Lines first: words of a whole text cost time with the square of their
            # number.
            yield from _diff_words(gone, made)


def _diff_words(removed: str, added: str) -> Iterator[DiffPart]:
    old, new = _WORDS.findall(removed), _WORDS.findall(added)
    for start, end, low, high, is_same in _matching_spans(old, new, MOST_WORDS):
        kept = "".join(new[low:high])
        # Of a sentence that was replaced, the spaces are not what stayed.
        if is_same and kept.strip(" "):
            yield DiffPart(SAME, kept)
        else:
            yield DiffPart(REMOVED, "".join(old[start:end]))
            yield DiffPart(ADDED, kept)


def _matching_spans(
    old: Sequence[str], new: Sequence[str], most: int
) -> Iterator[tuple[int, int, int, int, bool]]:
    """Stretches of both that are the same, or stand for each other."""
    for kind, *span in SubsequenceMatcher(old, new, most).get_opcodes():
        start, end, low, high = span
        yield start, end, low, high, kind == "equal"


def _merge_parts(parts: Iterator[DiffPart]) -> Iterator[DiffPart]:
    """Neighbors of one kind as one; of what was replaced, the old before the new."""
    gone = made = same = ""
    for part in parts:
        if not part.text:
            continue
        if part.kind == SAME:
            yield from _changed_parts(gone, made)
            gone = made = ""
            same += part.text
            continue
        if same:
            yield DiffPart(SAME, same)
            same = ""
        if part.kind == REMOVED:
            gone += part.text
        else:
            made += part.text
    yield from _changed_parts(gone, made)
    if same:
        yield DiffPart(SAME, same)


def _changed_parts(removed: str, added: str) -> Iterator[DiffPart]:
    if removed:
        yield DiffPart(REMOVED, removed)
    if added:
        yield DiffPart(ADDED, added)
