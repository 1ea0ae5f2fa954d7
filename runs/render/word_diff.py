"""What changed between two texts, word by word."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

SAME, GONE, NEW = "same", "gone", "new"
#: Comparing takes time with the square of what differs: beyond, a part is replaced.
MOST_LINES, MOST_WORDS = 2_000, 1_500
_WORDS = re.compile(r"\w+|\s+|[^\w\s]")


@dataclass(frozen=True)
class Part:
    kind: str
    text: str


def word_diff(before: str, after: str) -> list[Part]:
    """The parts of both in order: lines are compared first, then words in them."""
    return list(_joined(_lines(_split(before), _split(after))))


#: What is kept around a change, and of a change itself.
_AROUND, _CHANGED = 60, 1_000


def excerpt(parts: Sequence[Part]) -> list[Part]:
    """The changes with some words around each, and an ellipsis for the rest."""
    last = len(parts) - 1
    return [_shorter(part, at == 0, at == last) for at, part in enumerate(parts)]


def _shorter(part: Part, is_first: bool, is_last: bool) -> Part:
    text = part.text
    if part.kind != SAME:
        cut = text if len(text) <= _CHANGED else f"{text[:_CHANGED]}…"
    else:
        head = "" if is_first else text[:_AROUND]
        tail = "" if is_last else text[-_AROUND:]
        cut = text if len(text) <= 2 * _AROUND else f"{head}…{tail}"
    return Part(part.kind, cut)


def _split(text: str) -> list[str]:
    return text.replace("\r\n", "\n").splitlines(keepends=True)


def _lines(old: Sequence[str], new: Sequence[str]) -> Iterator[Part]:
    for start, end, low, high, is_same in _matched(old, new, MOST_LINES):
        gone, made = "".join(old[start:end]), "".join(new[low:high])
        if is_same:
            yield Part(SAME, made)
        else:
            yield from _words(gone, made)


def _words(gone: str, made: str) -> Iterator[Part]:
    old, new = _WORDS.findall(gone), _WORDS.findall(made)
    for start, end, low, high, is_same in _matched(old, new, MOST_WORDS):
        kept = "".join(new[low:high])
        # Of a sentence that was replaced, the spaces are not what stayed.
        if is_same and kept.strip(" "):
            yield Part(SAME, kept)
        else:
            yield Part(GONE, "".join(old[start:end]))
            yield Part(NEW, kept)


def _matched(
    old: Sequence[str], new: Sequence[str], most: int
) -> Iterator[tuple[int, int, int, int, bool]]:
    """Stretches of both that are the same, or stand for each other."""
    first = 0
    shorter = min(len(old), len(new))
    while first < shorter and old[first] == new[first]:
        first += 1
    last = 0
    while last < shorter - first and old[-1 - last] == new[-1 - last]:
        last += 1
    if first:
        yield 0, first, 0, first, True
    mine, theirs = old[first : len(old) - last], new[first : len(new) - last]
    if len(mine) > most or len(theirs) > most:
        yield first, first + len(mine), first, first + len(theirs), False
    else:
        for kind, a, b, c, d in SequenceMatcher(None, mine, theirs).get_opcodes():
            yield first + a, first + b, first + c, first + d, kind == "equal"
    if last:
        yield len(old) - last, len(old), len(new) - last, len(new), True


def _joined(parts: Iterator[Part]) -> Iterator[Part]:
    """Neighbours of one kind as one; of what was replaced, the old before the new."""
    gone = made = same = ""
    for part in parts:
        if not part.text:
            continue
        if part.kind == SAME:
            yield from _change(gone, made)
            gone = made = ""
            same += part.text
            continue
        if same:
            yield Part(SAME, same)
            same = ""
        if part.kind == GONE:
            gone += part.text
        else:
            made += part.text
    yield from _change(gone, made)
    if same:
        yield Part(SAME, same)


def _change(gone: str, made: str) -> Iterator[Part]:
    if gone:
        yield Part(GONE, gone)
    if made:
        yield Part(NEW, made)
