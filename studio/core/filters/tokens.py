"""Filter text -> tokens, and the parser's place among them.

A token knows quotes and where a word ends, not what words mean. A comment, `/* … */`,
can stand wherever a blank can, and is skipped like one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from studio.core.errors import InvalidFilter
from studio.core.filters.filter_errors import filter_error
from studio.core.filters.tree import Node, Span
from studio.core.messages import message, message_with_context

WORD, STRING, OPERATOR, SIGN, END = "word", "string", "operator", "sign", "end"

_OPERATORS = re.compile(r"==|!=|<>|<=|>=|=|<|>")
_CANONICAL_OPERATORS = {"==": "=", "<>": "!="}
QUOTES = "\"'`"


@dataclass(frozen=True)
class WordPart:
    """A stretch of a word; quoted stretches stand in keys: `metrics."val/acc".max`."""

    text: str
    quoted: bool


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    start: int
    end: int
    parts: tuple[WordPart, ...] = ()

    @property
    def length(self) -> int:
        return max(self.end - self.start, 1)

    def is_word(self, *words: str) -> bool:
        return self.kind == WORD and self.text.lower() in words


def tokenize(text: str) -> list[Token]:
    """The tokens of `text`, an END token last. Raises InvalidFilter."""
    return list(_Lexer(text).tokens())


class _Lexer:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.last = Token(END, "", 0, 0)
        self.in_list = False

    def tokens(self) -> Iterator[Token]:
        while True:
            self._skip_space()
            self.last = self._next_token()
            yield self.last
            if self.last.kind == END:
                return

    def _skip_space(self) -> None:
        while self.at < len(self.text):
            if self.text.startswith("/*", self.at):
                self._skip_comment()
            elif self.text[self.at].isspace():
                self.at += 1
            else:
                return

    def _skip_comment(self) -> None:
        end = self.text.find("*/", self.at + 2)
        if end < 0:
            raise filter_error(
                message("Expected */ to close the comment"),
                self.at,
                len(self.text) - self.at,
                expected=message_with_context(
                    "expected in a filter", "a closing %(quote)s", quote="*/"
                ),
                text=self.text,
            )
        self.at = end + 2

    def _next_token(self) -> Token:
        start = self.at
        if start == len(self.text):
            return Token(END, "", start, start)
        char = self.text[start]
        if char in QUOTES:
            return Token(STRING, self._read_quoted(), start, self.at)
        operator = _OPERATORS.match(self.text, start)
        if operator:
            self.at = operator.end()
            found = operator.group()
            return Token(
                OPERATOR, _CANONICAL_OPERATORS.get(found, found), start, self.at
            )
        # Outside of a list, a comma belongs to the value, as in `64,32`.
        if char in "():|" or (char == "," and self.in_list):
            return self._sign_token(char)
        if char == "-" and self.text[start + 1 : start + 2] in ("(", *QUOTES):
            return self._sign_token(char)
        return self._word_token()

    def _sign_token(self, char: str) -> Token:
        if char == "(":
            self.in_list = self.last.is_word("in")
        elif char == ")":
            self.in_list = False
        self.at += 1
        return Token(SIGN, char, self.at - 1, self.at)

    def _read_quoted(self) -> str:
        """The text between quotes; a quote inside is written twice."""
        start, quote = self.at, self.text[self.at]
        parts = []
        while True:
            close = self.text.find(quote, self.at + 1)
            if close < 0:
                raise filter_error(
                    message("Expected %(quote)s to close the quote", quote=quote),
                    start,
                    len(self.text) - start,
                    expected=message_with_context(
                        "expected in a filter", "a closing %(quote)s", quote=quote
                    ),
                    text=self.text,
                )
            parts.append(self.text[self.at + 1 : close])
            self.at = close
            if self.text[close + 1 : close + 2] != quote:
                break
            parts.append(quote)
            self.at += 1
        self.at += 1
        return "".join(parts)

    def _word_token(self) -> Token:
        start, stop = self.at, self._stop_characters()
        parts: list[WordPart] = []
        bare = self.at
        while self.at < len(self.text):
            char = self.text[self.at]
            after_point = self.at > start and self.text[self.at - 1] == "."
            if char in QUOTES and after_point:
                parts.append(WordPart(self.text[bare : self.at], quoted=False))
                parts.append(WordPart(self._read_quoted(), quoted=True))
                bare = self.at
                continue
            if char.isspace() or char in stop or self._is_unequal_sign(char, stop):
                break
            self.at += 1
        if bare < self.at:
            parts.append(WordPart(self.text[bare : self.at], quoted=False))
        return Token(WORD, self.text[start : self.at], start, self.at, tuple(parts))

    def _is_unequal_sign(self, char: str, stop: str) -> bool:
        # `!=` ends a field's name, but `!` alone can be part of a word.
        return (
            char == "!" and "=" in stop and self.text[self.at + 1 : self.at + 2] == "="
        )

    def _stop_characters(self) -> str:
        """What ends a bare word here: a value may hold more signs than a field."""
        if self.in_list:
            return "(),"
        if self.last.kind == OPERATOR:
            return "()|"
        if self.last.kind == SIGN and self.last.text in ":|":
            return "()|=<>"
        return "():|=<>"


# They limit what one query costs, and how deep the parser recurses.
MAX_DEPTH = 50
MAX_TERMS = 500
#: Each is looked for in seven places.
MAX_WORDS = 50


@dataclass(frozen=True)
class NodePosition:
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
        self.places: list[NodePosition] = []

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

    def is_at_sign(self, *signs: str) -> bool:
        return self.token.kind == SIGN and self.token.text in signs

    def error_at(
        self,
        what: str,
        token: Token,
        expected: str = "",
        hint: str = "",
        replace: tuple[int, int] = (-1, -1),
        options: Sequence[str] = (),
    ) -> InvalidFilter:
        return filter_error(
            what,
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
            raise self.error_at(
                message_with_context(
                    "error in a filter",
                    "More than %(limit)s terms and values",
                    limit=MAX_TERMS,
                ),
                token,
            )

    def count_word(self, token: Token) -> None:
        self.words += 1
        if self.words > MAX_WORDS:
            raise self.error_at(
                message_with_context(
                    "error in a filter",
                    "More than %(limit)s free words",
                    limit=MAX_WORDS,
                ),
                token,
            )

    def span_from(self, name: Token) -> Span:
        end = self.tokens[self.at - 1].end
        return Span(name.start, end - name.start)

    def unexpected_token_error(self, token: Token) -> InvalidFilter:
        if token.kind == END:
            return self.error_at(
                message("Expected a term"),
                token,
                message_with_context("expected in a filter", "a term"),
            )
        hint = message("Put text with special characters in quotes.")
        what = message("Expected a term, not '%(found)s'", found=token.text)
        if token.kind == OPERATOR:
            what = message("Expected a field before '%(found)s'", found=token.text)
        is_sign = token.kind == SIGN
        return self.error_at(
            what,
            token,
            message_with_context("expected in a filter", "a term"),
            hint if is_sign else "",
        )
