"""What differs between two texts, word by word and line by line, as HTML.

A line is compared with the one that it replaces; words are runs of letters and digits,
spaces, and single other signs. What takes too long to compare is not compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from html import escape
from itertools import zip_longest

from django.utils.safestring import SafeString, mark_safe

_WORDS = re.compile(r"\w+|\s+|[^\w\s]")
#: What stands between words that mean something alone.
_SEVERAL = re.compile(r"[\s/,;]")
#: Of shorter and longer texts no words are marked.
FEWEST_WORDS, MOST_WORDS = 5, 400
#: Lines of a file that are compared, and of those that are shown around a change.
MOST_LINES, AROUND = 20_000, 3
SAME, OLD, NEW, FOLD = "same", "del", "ins", "fold"


@dataclass(frozen=True)
class Line:
    """`old` and `new` are numbers from 1; `html` is escaped, its words marked.

    A fold stands for `count` lines that are the same in both.
    """

    kind: str
    old: int | None
    new: int | None
    html: SafeString
    count: int = 0


@dataclass(frozen=True)
class Pair:
    """What stands side by side; None where the other side has more."""

    old: Line | None
    new: Line | None


def words_of(text: str) -> list[str]:
    return _WORDS.findall(text)


def marked_words(text: str, beside: str) -> str:
    """`text` as HTML, with a mark on the words that `beside` lacks at that place.

    Of a number, a version or an id all differs, and no word is marked.
    """
    if text == beside or not _SEVERAL.search(text):
        return escape(text)
    mine, theirs = words_of(text), words_of(beside)
    if (
        len(mine) < FEWEST_WORDS
        or not theirs
        or max(len(mine), len(theirs)) > MOST_WORDS
    ):
        return escape(text)
    return _marked(mine, _matches(theirs, mine))


def _matches(old: Sequence[str], new: Sequence[str]) -> SequenceMatcher[str]:
    return SequenceMatcher(None, old, new, autojunk=False)


def _marked(
    words: Sequence[str], matcher: SequenceMatcher[str], *, is_old: bool = False
) -> str:
    parts = []
    for tag, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        start, end = (old_from, old_to) if is_old else (new_from, new_to)
        text = escape("".join(words[start:end]))
        if text:
            parts.append(text if tag == "equal" else f"<mark>{text}</mark>")
    return "".join(parts)


def diff_lines(old: str, new: str, *, around: int = AROUND) -> list[Line]:
    """The lines of both, changes with some lines around them, the rest folded."""
    before, after = old.splitlines(), new.splitlines()
    matcher = SequenceMatcher(None, before, after, autojunk=len(before) > 2000)
    found: list[Line] = []
    groups = list(matcher.get_grouped_opcodes(around))
    last = 0
    for group in groups:
        first = group[0][3]
        if first > last:
            found.append(_fold(first - last))
        for tag, *span in group:
            found += _part(tag, before, after, *span)
        last = group[-1][4]
    if groups and last < len(after):
        found.append(_fold(len(after) - last))
    return found


def _fold(count: int) -> Line:
    return Line(FOLD, None, None, SafeString(""), count)


def _part(
    tag: str,
    before: Sequence[str],
    after: Sequence[str],
    old_from: int,
    old_to: int,
    new_from: int,
    new_to: int,
) -> Iterator[Line]:
    if tag == "equal":
        for shift, text in enumerate(after[new_from:new_to]):
            places = (old_from + shift + 1, new_from + shift + 1)
            yield Line(SAME, *places, _safe(escape(text)))
        return
    old, new = before[old_from:old_to], after[new_from:new_to]
    pairs = [_pair(a, b) for a, b in zip(old, new, strict=False)]
    for n, text in enumerate(old):
        html = pairs[n][0] if n < len(pairs) else escape(text)
        yield Line(OLD, old_from + n + 1, None, _safe(html))
    for n, text in enumerate(new):
        html = pairs[n][1] if n < len(pairs) else escape(text)
        yield Line(NEW, None, new_from + n + 1, _safe(html))


def _pair(old: str, new: str) -> tuple[str, str]:
    """Two lines of which one replaces the other; unlike ones are not marked."""
    mine, theirs = words_of(old), words_of(new)
    if max(len(mine), len(theirs)) > MOST_WORDS:
        return escape(old), escape(new)
    matcher = _matches(mine, theirs)
    if matcher.ratio() < 0.3:
        return escape(old), escape(new)
    return _marked(mine, matcher, is_old=True), _marked(theirs, matcher)


def _safe(html: str) -> SafeString:
    return mark_safe(html)  # noqa: S308  # escaped by those who call


def side_by_side(lines: Sequence[Line]) -> list[Pair]:
    """Removed lines beside those that replace them."""
    found: list[Pair] = []
    old: list[Line] = []
    new: list[Line] = []

    def flush() -> None:
        found.extend(Pair(a, b) for a, b in zip_longest(old, new))
        old.clear()
        new.clear()

    for line in lines:
        if line.kind == OLD:
            if new:
                flush()
            old.append(line)
        elif line.kind == NEW:
            new.append(line)
        else:
            flush()
            found.append(Pair(line, line))
    flush()
    return found
