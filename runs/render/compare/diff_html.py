"""What differs between two texts, word by word and line by line, as HTML.

A line is compared with the one that it replaces; words are runs of letters and digits,
spaces, and single other signs. What is too long to be read here is cut, and counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import islice, zip_longest
from os.path import commonprefix

from django.utils.safestring import SafeString, mark_safe

from runs.render.compare.subsequence_matcher import SubsequenceMatcher

_WORDS = re.compile(r"\w+|\s+|[^\w\s]")
#: What stands between words that mean something alone.
_SEVERAL = re.compile(r"[\s/,;]")
#: Of shorter and longer texts no words are marked.
FEWEST_WORDS, MOST_WORDS = 5, 400
#: Lines of a file that are compared, that are shown in all, and around a change.
MAX_DIFF_LINES, MAX_SHOWN_LINES, CONTEXT_LINES = 10_000, 1_000, 3
#: Lines of a change that stand together; characters of a line that are shown.
PIECE, MAX_LINE_CHARS = 250, 2_000
SAME, OLD, NEW, FOLD = "same", "del", "ins", "fold"
_Opcode = tuple[str, int, int, int, int]


@dataclass(frozen=True)
class DiffLine:
    """`old` and `new` are numbers from 1; `html` is escaped, its words marked.

    A fold stands for `count` lines that are the same in both.
    """

    kind: str
    old: int | None
    new: int | None
    html: SafeString
    count: int = 0


@dataclass(frozen=True)
class LinePair:
    """What stands side by side; None where the other side has more."""

    old: DiffLine | None
    new: DiffLine | None


def split_words(text: str) -> list[str]:
    return _WORDS.findall(text)


def mark_new_words(text: str, other: str) -> str:
    """`text` as HTML, with a mark on the words that `other` lacks at that place.

    Of a number, a version or an id all differs, and no word is marked.
    """
    if text == other or not _SEVERAL.search(text):
        return escape(text)
    mine, theirs = split_words(text), split_words(other)
    if (
        len(mine) < FEWEST_WORDS
        or not theirs
        or max(len(mine), len(theirs)) > MOST_WORDS
    ):
        return escape(text)
    return _mark_changed_words(mine, SubsequenceMatcher(theirs, mine, MOST_WORDS))


def _mark_changed_words(
    words: Sequence[str], matcher: SubsequenceMatcher, *, is_old: bool = False
) -> str:
    parts = []
    for tag, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        start, end = (old_from, old_to) if is_old else (new_from, new_to)
        text = escape("".join(words[start:end]))
        if text:
            parts.append(text if tag == "equal" else f"<mark>{text}</mark>")
    return "".join(parts)


@dataclass(frozen=True)
class LineDiff:
    """`more` lines are left out behind those that are shown."""

    lines: Sequence[DiffLine]
    more: int = 0


def diff_lines(
    old: str, new: str, *, context: int = CONTEXT_LINES, shown: int = MAX_SHOWN_LINES
) -> LineDiff:
    """The lines of both, changes with some lines around them, the rest folded.

    Of each text the first MOST_LINES are compared.
    """
    before, after = split_lines(old)[:MAX_DIFF_LINES], split_lines(new)[:MAX_DIFF_LINES]
    matcher = SubsequenceMatcher(before, after, MAX_DIFF_LINES)
    groups = list(matcher.get_grouped_opcodes(context))
    lines = list(islice(_lines_of_changes(groups, before, after), shown))
    return LineDiff(lines, max(_shown_line_count(groups, len(after)) - len(lines), 0))


def split_lines(text: str) -> list[str]:
    return text.splitlines()


def _lines_of_changes(
    groups: Sequence[Sequence[_Opcode]], before: Sequence[str], after: Sequence[str]
) -> Iterator[DiffLine]:
    last = 0
    for group in groups:
        first = group[0][3]
        if first > last:
            yield folded_lines(first - last)
        for opcode in group:
            yield from _opcode_lines(opcode, before, after)
        last = group[-1][4]
    if groups and last < len(after):
        yield folded_lines(len(after) - last)


def _shown_line_count(groups: Sequence[Sequence[_Opcode]], length: int) -> int:
    """How many lines, folds included, show all of the groups."""
    size = last = 0
    for group in groups:
        size += group[0][3] > last
        for tag, start, end, low, high in group:
            size += high - low if tag == "equal" else end - start + high - low
        last = group[-1][4]
    return size + (bool(groups) and last < length)


def same_line(text: str, old: int, new: int) -> DiffLine:
    """A line that both texts have, with its numbers."""
    return DiffLine(SAME, old, new, _mark_html_safe(escape(_cut_line(text))))


def folded_lines(count: int) -> DiffLine:
    """The place of `count` lines that are the same in both and not shown."""
    return DiffLine(FOLD, None, None, SafeString(""), count)


def _opcode_lines(
    opcode: _Opcode, before: Sequence[str], after: Sequence[str]
) -> Iterator[DiffLine]:
    tag, old_from, old_to, new_from, new_to = opcode
    if tag == "equal":
        for shift, text in enumerate(after[new_from:new_to]):
            yield same_line(text, old_from + shift + 1, new_from + shift + 1)
        return
    # A long change in pieces, so that both sides of it are seen where it is cut.
    while old_from < old_to or new_from < new_to:
        old = before[old_from : min(old_to, old_from + PIECE)]
        new = after[new_from : min(new_to, new_from + PIECE)]
        yield from replaced_lines(old, new, old_from, new_from)
        old_from, new_from = old_from + len(old), new_from + len(new)


def replaced_lines(
    old: Sequence[str], new: Sequence[str], old_from: int, new_from: int
) -> Iterator[DiffLine]:
    """Removed and added lines; their first ones have numbers behind these."""
    pairs = [_mark_changed_line_pair(a, b) for a, b in zip(old, new, strict=False)]
    for n, text in enumerate(old):
        html = pairs[n][0] if n < len(pairs) else escape(_cut_line(text))
        yield DiffLine(OLD, old_from + n + 1, None, _mark_html_safe(html))
    for n, text in enumerate(new):
        html = pairs[n][1] if n < len(pairs) else escape(_cut_line(text))
        yield DiffLine(NEW, None, new_from + n + 1, _mark_html_safe(html))


def _mark_changed_line_pair(old: str, new: str) -> tuple[str, str]:
    """A line and its replacement; words are marked only in similar lines."""
    if max(len(old), len(new)) > MAX_LINE_CHARS:
        # A long line is cut around its first difference, which would else lie outside.
        start = len(commonprefix([old, new]))  # noqa: RUF071  # by characters
        return escape(_cut_line(old, start)), escape(_cut_line(new, start))
    mine, theirs = split_words(old), split_words(new)
    if max(len(mine), len(theirs)) > MOST_WORDS:
        return escape(old), escape(new)
    matcher = SubsequenceMatcher(mine, theirs, MOST_WORDS)
    # Two lines with little in common would be marked nearly everywhere.
    if matcher.ratio() < 0.3:
        return escape(old), escape(new)
    return _mark_changed_words(mine, matcher, is_old=True), _mark_changed_words(
        theirs, matcher
    )


def _cut_line(text: str, at: int = 0) -> str:
    """What there is room for, from a little before a place on."""
    return excerpt_near(text, at, MAX_LINE_CHARS)


def excerpt_near(text: str, at: int, longest: int) -> str:
    """`longest` characters of a text, from a little before `at` on, with ellipses."""
    start = max(min(at - longest // 4, len(text) - longest), 0)
    head, tail = "…" if start else "", "…" if start + longest < len(text) else ""
    return head + text[start : start + longest] + tail


def _mark_html_safe(html: str) -> SafeString:
    return mark_safe(html)  # noqa: S308  # escaped by those who call


def side_by_side(lines: Sequence[DiffLine]) -> list[LinePair]:
    """Removed lines next to those that replace them."""
    found: list[LinePair] = []
    old: list[DiffLine] = []
    new: list[DiffLine] = []

    def add_replaced_pairs() -> None:
        found.extend(LinePair(a, b) for a, b in zip_longest(old, new))
        old.clear()
        new.clear()

    for line in lines:
        if line.kind == OLD:
            if new:
                add_replaced_pairs()
            old.append(line)
        elif line.kind == NEW:
            new.append(line)
        else:
            add_replaced_pairs()
            found.append(LinePair(line, line))
    add_replaced_pairs()
    return found
