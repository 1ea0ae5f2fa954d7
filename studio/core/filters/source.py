"""A filter's text and its terms: editing one term leaves the others as they were typed.

The box, the pills and the address are three views of one text. Comments, quoting and
blanks of what is not edited are kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from studio.core.errors import InvalidFilter
from studio.core.filters.cursor import Place
from studio.core.filters.parse import parse, parse_places
from studio.core.filters.text import to_text
from studio.core.filters.tokens import END, Token, tokenize
from studio.core.filters.tree import And, Node, Or, all_of, negate

_Range = tuple[int, int]


@dataclass(frozen=True)
class Term:
    """One of the terms that are all required, and where it stands.

    Several terms share a place where the text does not spell them one by one, as in
    `not (not a or not b)`.
    """

    node: Node
    start: int
    end: int


@dataclass(frozen=True)
class Source:
    """A filter as typed. Each edit gives the text of another one."""

    text: str
    node: Node | None = None
    terms: tuple[Term, ...] = ()

    @property
    def nodes(self) -> tuple[Node, ...]:
        return tuple(term.node for term in self.terms)

    def text_of(self, number: int) -> str:
        """The term as it is typed."""
        term = self.terms[number]
        if self._is_shared(number):
            return to_text(term.node)
        return self.text[term.start : term.end]

    def without(self, *numbers: int) -> str:
        """The text that no longer requires these terms."""
        kept = [t.node for n, t in enumerate(self.terms) if n not in numbers]
        if any(self._is_shared(number) for number in numbers):
            return _canonical(kept)
        text = _cut(self.text, [self.terms[number] for number in numbers])
        return text if _means(text, kept) else _canonical(kept)

    def replaced(self, number: int, node: Node, text: str = "") -> str:
        """The text with `node` for a term, spelled as `text` or else canonically."""
        nodes = list(self.nodes)
        if nodes[number] == node and not text:
            return self.text
        nodes[number] = node
        if self._is_shared(number):
            return _canonical(nodes)
        term, new = self.terms[number], text or to_text(node)
        if len(nodes) > 1:
            new = _closed(node, new)
        new = " ".join([new, *_comments(self.text, term.start, term.end)])
        edited = self.text[: term.start] + new + self.text[term.end :]
        return edited if _means(edited, nodes) else _canonical(nodes)

    def added(self, node: Node, text: str = "") -> str:
        """The text that also requires `node`. Never read again: links are many."""
        new = text or to_text(node)
        if self.terms:
            new = _closed(node, new)
        old = self.text.strip()
        if not self.terms:
            return f"{old} {new}".strip()
        if isinstance(self.node, Or):
            return f"({old}) and {new}"
        return f"{old}{self._joint()}{new}"

    def with_term(self, node: Node) -> str:
        """The text that also requires `node`; its opposite, if it is there, goes."""
        numbers = self.replaced_by(node)
        return (read(self.without(*numbers)) if numbers else self).added(node)

    def replaced_by(self, *nodes: Node) -> tuple[int, ...]:
        """The numbers of the terms that say what `nodes` say, or the opposite."""
        unwanted = {*nodes, *map(negate, nodes)}
        return tuple(n for n, old in enumerate(self.nodes) if old in unwanted)

    def without_term(self, node: Node) -> str:
        return self.without(*(n for n, old in enumerate(self.nodes) if old == node))

    def _is_shared(self, number: int) -> bool:
        start = self.terms[number].start
        return sum(term.start == start for term in self.terms) > 1

    def _joint(self) -> str:
        """Blanks join where blanks have joined so far, else `and`."""
        if len(self.terms) < 2:
            return " and "
        gap = self.text[self.terms[-2].end : self.terms[-1].start]
        return " and " if "and" in gap.lower().split() else " "


def read(text: str) -> Source:
    """The filter's source; raises InvalidFilter."""
    try:
        node, places = parse_places(text)
    except InvalidFilter:
        parse(text)  # tells the ways out as well
        raise
    if node is None:
        return Source(text)
    if isinstance(node, Or):
        start, end = places[0].start, max(place.end for place in places)
        start = min(place.start for place in places)
        return Source(text, node, (Term(node, start, end),))
    ordered = sorted(places, key=lambda place: place.start)
    return Source(text, node, tuple(_terms(text, ordered, 1)))


def _terms(text: str, places: Sequence[Place], depth: int) -> Iterator[Term]:
    for place in places:
        if place.depth != depth:
            continue
        if not isinstance(place.node, And):
            yield Term(place.node, place.start, place.end)
        elif text[place.start] == "(":
            inside = [p for p in places if place.start < p.start < place.end]
            yield from _terms(text, inside, depth + 1)
        else:
            for node in place.node.nodes:
                yield Term(node, place.start, place.end)


def _closed(node: Node, text: str) -> str:
    """The text in parentheses, if it has alternatives and none around them yet."""
    if not isinstance(node, Or):
        return text
    _node, places = parse_places(text)
    is_open = sum(place.depth == 1 for place in places) > 1
    return f"({text})" if is_open else text


def _canonical(nodes: Sequence[Node]) -> str:
    return to_text(all_of(*nodes)) if nodes else ""


def _means(text: str, nodes: Sequence[Node]) -> bool:
    try:
        return parse(text) == (all_of(*nodes) if nodes else None)
    except InvalidFilter:
        return False


def _cut(text: str, terms: Sequence[Term]) -> str:
    """The text without the terms, what joined them, and parentheses left empty."""
    tokens = tokenize(text)
    gone: set[int] = set()
    for term in terms:
        inside = [n for n, token in enumerate(tokens) if _within(token, term)]
        gone.update(_with_joints(tokens, inside[0], inside[-1], gone))
    ranges = [(tokens[n].start, tokens[n].end) for n in sorted(gone)]
    return _joined(text, _merged(text, ranges))


def _within(token: Token, term: Term) -> bool:
    return token.kind != END and term.start <= token.start < term.end


def _with_joints(
    tokens: Sequence[Token], first: int, last: int, gone: set[int]
) -> Iterator[int]:
    before, after = _near(first, -1, gone), _near(last, 1, gone)
    yield from range(first, last + 1)
    while before >= 0 and _is_empty(tokens[before], tokens[after]):
        yield from (before, after)
        before, after = _near(before, -1, gone), _near(after, 1, gone)
    if before >= 0 and tokens[before].is_word("and"):
        yield before
    elif tokens[after].is_word("and"):
        yield after


def _near(place: int, step: int, gone: set[int]) -> int:
    place += step
    while place in gone:
        place += step
    return place


def _is_empty(before: Token, after: Token) -> bool:
    return before.kind == after.kind == "sign" and before.text + after.text == "()"


def _merged(text: str, ranges: Sequence[_Range]) -> list[_Range]:
    """Ranges with nothing but blanks between them as one."""
    merged: list[_Range] = []
    for start, end in ranges:
        if merged and not text[merged[-1][1] : start].strip():
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


def _joined(text: str, ranges: Sequence[_Range]) -> str:
    parts, at = [], 0
    for start, end in ranges:
        parts.append(text[at:start])
        at = end
    parts.append(text[at:])
    whole = parts[0]
    for part in parts[1:]:
        whole = _seam(whole, part)
    return whole.strip()


def _seam(left: str, right: str) -> str:
    """One side's blanks are enough, and none are needed within parentheses."""
    if not left.strip() or left.rstrip().endswith("("):
        return left.rstrip() + right.lstrip()
    if right.lstrip().startswith(")"):
        return left.rstrip() + right.lstrip()
    return left.rstrip() + " " + right.lstrip()


def _comments(text: str, start: int, end: int) -> list[str]:
    """The comments within a term, which outlive it."""
    tokens = [t for t in tokenize(text) if start <= t.start < end and t.kind != END]
    gaps = zip(tokens, tokens[1:])
    between = (text[one.end : other.start].strip() for one, other in gaps)
    return [gap for gap in between if gap.startswith("/*")]
