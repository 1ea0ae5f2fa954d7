"""A filter's text and its terms: editing one term leaves the others as they were typed.

The box, the pills and the address are three views of one text. Comments, quoting and
blanks of terms that are not edited are kept. A `FilterText` is parsed at most once,
however many values it is copied into.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from studio.core.errors import InvalidFilter, NotSupported
from studio.core.filters.fields import RUN_FIELDS, FieldCatalog, to_text
from studio.core.filters.parse import parse, parse_with_positions
from studio.core.filters.tokens import (
    END,
    OPERATOR,
    SIGN,
    NodePosition,
    Token,
    tokenize,
)
from studio.core.filters.tree import And, Node, Or, all_of, negate

Range = tuple[int, int]


@dataclass(frozen=True)
class RemainingText:
    """The text that is left, and the tokens of the old text that are left in it."""

    text: str
    tokens: Sequence[Token]


def remove_ranges(
    text: str, tokens: Sequence[Token], ranges: Sequence[Range]
) -> RemainingText:
    """The text without these terms, what joined them, and parentheses left empty."""
    removed: set[int] = set()
    for term in ranges:
        inside = [n for n, token in enumerate(tokens) if is_within(token, term)]
        removed.update(
            _extend_over_conjunctions(tokens, inside[0], inside[-1], removed)
        )
    places = [(tokens[n].start, tokens[n].end) for n in sorted(removed)]
    left = [token for n, token in enumerate(tokens) if n not in removed]
    return RemainingText(_cut_out_ranges(text, _merge_ranges(text, places)), left)


def are_separated(tokens: Sequence[Token], terms: Sequence[Range]) -> bool:
    """Whether no term can be read together with what follows it.

    `and` parts two terms. Blanks do behind a closing parenthesis and behind `field:…`
    and `field = …`, which go on with `|` only; no term begins with that.
    """
    tokens = [token for token in tokens if token.kind != END]
    is_closed, has_conjunction = True, True
    at = 0
    for term in terms:
        if at < len(tokens) and tokens[at].is_word("and") and not has_conjunction:
            has_conjunction, at = True, at + 1
        inside = [token for token in tokens[at:] if is_within(token, term)]
        if not (inside and inside[0] is tokens[at] and (has_conjunction or is_closed)):
            return False
        at += len(inside)
        is_closed = inside[-1].text == ")" or _has_operator_and_value(inside)
        has_conjunction = False
    return at == len(tokens)


def _has_operator_and_value(term: Sequence[Token]) -> bool:
    if len(term) < 3:
        return False
    return term[1].kind == OPERATOR or (term[1].kind, term[1].text) == (SIGN, ":")


def is_within(token: Token, term: Range) -> bool:
    start, end = term
    return token.kind != END and start <= token.start < end


def _extend_over_conjunctions(
    tokens: Sequence[Token], first: int, last: int, removed: set[int]
) -> Iterator[int]:
    before, after = (
        _neighboring_place(first, -1, removed),
        _neighboring_place(last, 1, removed),
    )
    yield from range(first, last + 1)
    while before >= 0 and _are_empty_parentheses(tokens[before], tokens[after]):
        yield from (before, after)
        before, after = (
            _neighboring_place(before, -1, removed),
            _neighboring_place(after, 1, removed),
        )
    if before >= 0 and tokens[before].is_word("and"):
        yield before
    elif tokens[after].is_word("and"):
        yield after


def _neighboring_place(place: int, step: int, removed: set[int]) -> int:
    place += step
    while place in removed:
        place += step
    return place


def _are_empty_parentheses(before: Token, after: Token) -> bool:
    return before.kind == after.kind == "sign" and before.text + after.text == "()"


def _merge_ranges(text: str, ranges: Sequence[Range]) -> list[Range]:
    """Ranges with nothing but blanks between them as one."""
    merged: list[Range] = []
    for start, end in ranges:
        if merged and not text[merged[-1][1] : start].strip():
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


def _cut_out_ranges(text: str, ranges: Sequence[Range]) -> str:
    parts, at = [], 0
    for start, end in ranges:
        parts.append(text[at:start])
        at = end
    parts.append(text[at:])
    whole = parts[0]
    for part in parts[1:]:
        whole = _join_parts(whole, part)
    return whole.strip()


def _join_parts(left: str, right: str) -> str:
    """One side's blanks are enough, and none are needed within parentheses."""
    if not left.strip() or left.rstrip().endswith("("):
        return left.rstrip() + right.lstrip()
    if right.lstrip().startswith(")"):
        return left.rstrip() + right.lstrip()
    return left.rstrip() + " " + right.lstrip()


@dataclass(frozen=True)
class Term:
    """One of the terms that are all required, and where it stands.

    Several terms share a place where the text does not spell them one by one, as in
    `not (not (a b))`.
    """

    node: Node
    start: int
    end: int


@dataclass(frozen=True)
class FilterSource:
    """A filter as typed. Each edit gives the text of another one."""

    text: str
    node: Node | None = None
    terms: tuple[Term, ...] = ()

    @property
    def nodes(self) -> tuple[Node, ...]:
        return tuple(term.node for term in self.terms)

    def text_of_term(self, number: int) -> str:
        """The term as it is typed."""
        term = self.terms[number]
        if self._shares_its_position(number):
            return to_text(term.node)
        return self.text[term.start : term.end]

    def text_without_terms(self, *numbers: int) -> str:
        """The text that no longer requires these terms."""
        return self.source_without_terms(*numbers).text

    def source_without_terms(self, *numbers: int) -> FilterSource:
        """The filter that no longer requires these terms.

        Nothing is parsed where the terms that are left stand apart: then they mean what
        they meant before. Elsewhere parsing has to show that.
        """
        if not numbers:
            return self
        kept = [t for n, t in enumerate(self.terms) if n not in numbers]
        node = all_of(*(term.node for term in kept)) if kept else None
        # Its place in the text holds other terms, too.
        if any(self._shares_its_position(number) for number in numbers):
            return read_source(to_text(node))
        removed = [self.terms[number] for number in numbers]
        left = remove_ranges(
            self.text, self._tokens, [(t.start, t.end) for t in removed]
        )
        ranges = [(t.start, t.end) for t in kept]
        places = tokenize(left.text)
        if are_separated(left.tokens, ranges) and _are_same_tokens(left.tokens, places):
            return FilterSource(
                left.text, node, tuple(_relocate_terms(kept, left.tokens, places))
            )
        found = _read_source_if_valid(left.text)
        return found if found and found.node == node else read_source(to_text(node))

    def source_with_first_term(self, node: Node) -> FilterSource:
        """The filter that requires another term as well, before the others.

        The term is a comparison of an attribute with one value, `parent:"a"`.
        """
        new = to_text(node)
        term = Term(node, 0, len(new))
        if self.node is None:
            return FilterSource(new, node, (term,))
        # A single term can be an `or`, which binds looser than `and`.
        before, after = (" and (", ")") if len(self.terms) == 1 else (" ", "")
        by = len(new) + len(before)
        later = [replace(t, start=t.start + by, end=t.end + by) for t in self.terms]
        if after:
            later = [replace(later[0], start=by - 1, end=by + len(self.text) + 1)]
        text = f"{new}{before}{self.text}{after}"
        return FilterSource(text, all_of(node, self.node), (term, *later))

    @cached_property
    def _tokens(self) -> Sequence[Token]:
        return tokenize(self.text)

    def text_with_replaced_term(self, number: int, node: Node, text: str = "") -> str:
        """The text with `node` for a term, spelled as `text` or else canonically."""
        nodes = list(self.nodes)
        if nodes[number] == node and not text:
            return self.text
        nodes[number] = node
        if self._shares_its_position(number):
            return to_text(all_of(*nodes))
        term, new = self.terms[number], text or to_text(node)
        if len(nodes) > 1:
            new = _parenthesize(node, new)
        new = " ".join([new, *_comments_between(self.text, term.start, term.end)])
        edited = self.text[: term.start] + new + self.text[term.end :]
        # In its new place the text can be read in another way.
        return edited if _has_meaning(edited, nodes) else to_text(all_of(*nodes))

    def text_with_added_term(self, node: Node, text: str = "") -> str:
        """The text that also requires `node`. Never read again: links are many."""
        new = text or to_text(node)
        if self.terms:
            new = _parenthesize(node, new)
        return f"{self.text_before_added_term}{new}"

    @cached_property
    def text_before_added_term(self) -> str:
        """What an added term without `or` is appended to."""
        old = self.text.strip()
        if not self.terms:
            return f"{old} " if old else ""
        if isinstance(self.node, Or):
            return f"({old}) and "
        return f"{old}{self._conjunction()}"

    def text_requiring(self, node: Node, text: str = "") -> str:
        """The text that also requires `node`; the same text if it does so already.

        `text` spells a node whose fields are not those of runs.
        """
        if node in self.nodes:
            return self.text
        return self.text_with_added_term(node, text)

    def text_with_term(self, node: Node) -> str:
        """The text that also requires `node`; its opposite, if it is there, goes."""
        numbers = self.numbers_of_same_or_opposite(node)
        return self.source_without_terms(*numbers).text_with_added_term(node)

    def numbers_of_same_or_opposite(self, *nodes: Node) -> tuple[int, ...]:
        """The numbers of the terms that say what `nodes` say, or the opposite."""
        if not self.terms:
            return ()
        unwanted = {*nodes, *map(negate, nodes)}
        return tuple(n for n, old in enumerate(self.nodes) if old in unwanted)

    def text_without_term(self, node: Node) -> str:
        return self.text_without_terms(
            *(n for n, old in enumerate(self.nodes) if old == node)
        )

    def _shares_its_position(self, number: int) -> bool:
        start = self.terms[number].start
        return sum(term.start == start for term in self.terms) > 1

    def _conjunction(self) -> str:
        """Blanks join where blanks have joined so far, else `and`."""
        if len(self.terms) < 2:
            return " and "
        gap = self.text[self.terms[-2].end : self.terms[-1].start]
        return " and " if "and" in gap.lower().split() else " "


def read_source(text: str, catalog: FieldCatalog = RUN_FIELDS) -> FilterSource:
    """The filter's source; raises InvalidFilter."""
    try:
        node, places = parse_with_positions(text, catalog)
    except InvalidFilter:
        parse(text, catalog)  # tells the ways out as well
        raise
    if node is None:
        return FilterSource(text)
    if isinstance(node, Or):
        start, end = places[0].start, max(place.end for place in places)
        start = min(place.start for place in places)
        return FilterSource(text, node, (Term(node, start, end),))
    ordered = sorted(places, key=lambda place: place.start)
    return FilterSource(text, node, tuple(_terms_at_depth(text, ordered, 1)))


def source_or_text(text: str, catalog: FieldCatalog = RUN_FIELDS) -> FilterSource:
    """The filter's source, without terms if the text is no filter."""
    try:
        return read_source(text, catalog)
    except InvalidFilter:
        return FilterSource(text)


def _terms_at_depth(
    text: str, places: Sequence[NodePosition], depth: int
) -> Iterator[Term]:
    for place in places:
        if place.depth != depth:
            continue
        if not isinstance(place.node, And):
            yield Term(place.node, place.start, place.end)
        elif text[place.start] == "(":
            inside = [p for p in places if place.start < p.start < place.end]
            yield from _terms_at_depth(text, inside, depth + 1)
        else:
            for node in place.node.nodes:
                yield Term(node, place.start, place.end)


def _parenthesize(node: Node, text: str) -> str:
    """The text in parentheses, if it has alternatives and none around them yet."""
    if not isinstance(node, Or):
        return text
    _node, places = parse_with_positions(text)
    is_open = sum(place.depth == 1 for place in places) > 1
    return f"({text})" if is_open else text


def _has_meaning(text: str, nodes: Sequence[Node]) -> bool:
    found = _read_source_if_valid(text)
    return found is not None and found.node == all_of(*nodes)


def _read_source_if_valid(text: str) -> FilterSource | None:
    try:
        return read_source(text)
    except InvalidFilter:
        return None


def _are_same_tokens(old: Sequence[Token], new: Sequence[Token]) -> bool:
    return [(t.kind, t.text) for t in old] == [(t.kind, t.text) for t in new]


def _relocate_terms(
    terms: Sequence[Term], old: Sequence[Token], new: Sequence[Token]
) -> Iterator[Term]:
    """The terms where they stand in the text that is left."""
    for term in terms:
        here = [
            place
            for token, place in zip(old, new)
            if is_within(token, (term.start, term.end))
        ]
        yield replace(term, start=here[0].start, end=here[-1].end)


def _comments_between(text: str, start: int, end: int) -> list[str]:
    """The comments within a term, which outlive it."""
    tokens = [t for t in tokenize(text) if start <= t.start < end and t.kind != END]
    gaps = zip(tokens, tokens[1:])
    between = (text[one.end : other.start].strip() for one, other in gaps)
    return [gap for gap in between if gap.startswith("/*")]


class FilterText(str):
    """The text as typed; equal to the plain text."""

    @classmethod
    def of(cls, text: str) -> FilterText:
        return text if isinstance(text, cls) else cls(text)

    @classmethod
    def of_tree(cls, node: Node | None) -> FilterText:
        """The canonical text of a tree, which is known and never parsed."""
        text = cls(to_text(node))
        # `node` is a cached property, and this fills its cache.
        text.__dict__["node"] = node
        return text

    @classmethod
    def of_source(cls, source: FilterSource) -> FilterText:
        """The text of a source, which is known and never parsed."""
        text = cls(source.text)
        text.__dict__["_parsed"] = source
        return text

    @cached_property
    def node(self) -> Node | None:
        """The tree, None if the text is empty; raises InvalidFilter."""
        return self.source.node

    @property
    def source(self) -> FilterSource:
        """The tree and where its terms stand; raises InvalidFilter."""
        if isinstance(self._parsed, FilterSource):
            return self._parsed
        # The error is cached: each raise would lengthen its old traceback.
        raise self._parsed.with_traceback(None)

    @cached_property
    def _parsed(self) -> FilterSource | InvalidFilter | NotSupported:
        if not self:
            return FilterSource("")
        try:
            return read_source(str(self))
        except (InvalidFilter, NotSupported) as error:
            return error
