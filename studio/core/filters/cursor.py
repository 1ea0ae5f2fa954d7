"""The parser's place among the tokens, its bounds, and its errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from studio.core.errors import InvalidFilter
from studio.core.filters.mistakes import mistake
from studio.core.filters.tokens import END, OPERATOR, SIGN, Token, tokenize
from studio.core.filters.tree import Node, Span

MAX_DEPTH = 50
MAX_TERMS = 500
#: Each is looked for in seven places.
MAX_WORDS = 50


@dataclass(frozen=True)
class Place:
    """Where an operand of a conjunction stands, with its signs and parentheses.

    `depth` is 1 at the top and grows with each parenthesis and negation.
    """

    start: int
    end: int
    depth: int
    node: Node


class Cursor:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokenize(text)
        self.at = 0
        self.depth = 0
        self.terms = 0
        self.words = 0
        self.places: list[Place] = []

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def take(self) -> Token:
        token = self.tokens[self.at]
        if token.kind != END:
            self.at += 1
        return token

    def peek(self, ahead: int = 1) -> Token:
        return self.tokens[min(self.at + ahead, len(self.tokens) - 1)]

    def at_sign(self, *signs: str) -> bool:
        return self.token.kind == SIGN and self.token.text in signs

    def fail(
        self,
        message: str,
        token: Token,
        expected: str = "",
        hint: str = "",
        replace: tuple[int, int] = (-1, -1),
        options: Sequence[str] = (),
    ) -> InvalidFilter:
        return mistake(
            message,
            token.start,
            token.length,
            text=self.text,
            expected=expected,
            hint=hint,
            replace=replace,
            options=options,
        )

    def count_term(self, token: Token) -> None:
        self.terms += 1
        if self.terms > MAX_TERMS:
            raise self.fail(f"More than {MAX_TERMS} terms and values", token)

    def count_word(self, token: Token) -> None:
        self.words += 1
        if self.words > MAX_WORDS:
            raise self.fail(f"More than {MAX_WORDS} free words", token)

    def span_from(self, name: Token) -> Span:
        end = self.tokens[self.at - 1].end
        return Span(name.start, end - name.start)

    def unexpected(self, token: Token) -> InvalidFilter:
        if token.kind == END:
            return self.fail("Expected a term", token, "a term")
        hint = "Text with signs needs quotes." if token.kind == SIGN else ""
        before = "a field before" if token.kind == OPERATOR else "a term, not"
        return self.fail(f"Expected {before} '{token.text}'", token, "a term", hint)
