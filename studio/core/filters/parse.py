"""Filter text -> tree: the grammar.

filter  := or
or      := and ("or" and)*
and     := not (["and"] not)*            adjacent terms are ANDed
not     := ("not" | "-") not | "(" or ")" | term
term    := word | "phrase" | flag
         | field operator value | field ["not"] "in" "(" value, … ")"
         | field ["not"] ("like" | "ilike" | "contains") text
         | field "is" ["not"] "null"
         | field ":" alternative ("|" alternative)*
         | kind ":" key [operator value] ("|" …)*        tag:k, tag:k=v
"""

from __future__ import annotations

from dataclasses import replace

from studio.core.errors import InvalidFilter
from studio.core.filters import names, tree
from studio.core.filters.cursor import MAX_DEPTH, Place
from studio.core.filters.mistakes import mistake, with_ways_out
from studio.core.filters.terms import Terms
from studio.core.filters.tokens import END, WORD, Part, Token, tokenize
from studio.core.filters.tree import Field, Node, all_of, any_of, negate

MAX_LENGTH = 16 * 1024


def parse(text: str) -> Node | None:
    """The tree of a filter, None for the empty one. Raises InvalidFilter."""
    try:
        return _tree(text)
    except InvalidFilter as error:
        raise with_ways_out(error, _first_mistake) from None


def parse_field(text: str) -> Field:
    """A field's name as in `sort` and `columns`; raises InvalidFilter."""
    _check_characters(text)
    tokens = tokenize(text)
    if len(tokens) == 2 and tokens[0].kind == WORD:
        if tokens[0].text == "tags":
            return tree.attribute("tags")
        return names.read_field(tokens[0], text)
    raise mistake(
        f"Expected a field name, not {text!r}",
        0,
        max(len(text), 1),
        expected="a field",
        text=text,
    )


def _tree(text: str) -> Node | None:
    _check_characters(text)
    return _Parser(text).filter()


def _first_mistake(text: str) -> int | None:
    try:
        _tree(text)
    except InvalidFilter as error:
        return int(error.details["position"])
    return None


def _check_characters(text: str) -> None:
    if len(text) > MAX_LENGTH:
        raise mistake(
            f"The filter is longer than {MAX_LENGTH} characters; it goes on",
            MAX_LENGTH,
            1,
            text="",
        )
    for position, char in enumerate(text):
        if char == "\x00" or "\ud800" <= char <= "\udfff":
            raise mistake("A character that is not text", position, 1, text="")


def parse_places(text: str) -> tuple[Node | None, list[Place]]:
    """The tree and where each operand of a conjunction stands; raises InvalidFilter."""
    _check_characters(text)
    parser = _Parser(text)
    return parser.filter(), parser.places


class _Parser(Terms):
    def filter(self) -> Node | None:
        if self.token.kind == END:
            return None
        node = self.either()
        if self.token.kind != END:
            raise self.unexpected(self.token)
        return node

    def either(self) -> Node:
        nodes = [self.both()]
        while self.token.is_word("or"):
            self.take()
            nodes.append(self.both())
        return any_of(*nodes)

    def both(self) -> Node:
        nodes = [self.negated()]
        while not self.ends_conjunction():
            if self.token.is_word("and"):
                self.take()
            nodes.append(self.negated())
        return all_of(*nodes)

    def ends_conjunction(self) -> bool:
        token = self.token
        return token.kind == END or self.at_sign(")") or token.is_word("or")

    def negated(self) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.fail(f"Nested deeper than {MAX_DEPTH}", self.token)
        start = self.token.start
        node = self.negated_once()
        end = self.tokens[self.at - 1].end
        self.places.append(Place(start, end, self.depth, node))
        self.depth -= 1
        return node

    def negated_once(self) -> Node:
        token = self.token
        if token.is_word("not") or self.at_sign("-"):
            self.take()
            return negate(self.negated())
        if token.kind == WORD and token.text.startswith("-") and len(token.text) > 1:
            self.tokens[self.at] = _without_minus(token)
            return negate(self.negated())
        if self.at_sign("("):
            return self.parenthesis()
        return self.term()

    def parenthesis(self) -> Node:
        opening = self.take()
        if self.at_sign(")"):
            raise self.fail("Expected a term inside the parentheses", self.token)
        node = self.either()
        if not self.at_sign(")"):
            raise self.fail("Expected ) to close the parenthesis", opening, ")")
        self.take()
        return node


def _without_minus(token: Token) -> Token:
    first = Part(token.parts[0].text[1:], quoted=False)
    return replace(
        token,
        text=token.text[1:],
        start=token.start + 1,
        parts=(first, *token.parts[1:]),
    )
