"""What could be typed at a place of a filter: a field, an operator or a value.

    completion_context("status:completed tags.model = r", 31)

The text may be unfinished. Nothing is offered within comments and phrases.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from studio.core.errors import InvalidFilter
from studio.core.filters import fields, operands
from studio.core.filters.parse import parse, parse_field
from studio.core.filters.source import FilterText
from studio.core.filters.tokens import (
    END,
    OPERATOR,
    QUOTES,
    SIGN,
    STRING,
    WORD,
    Token,
    tokenize,
)
from studio.core.filters.tree import Field

FIELD, OPERATION, VALUE, NOTHING = "field", "operator", "value", "nothing"
#: The kind of `is:starred`.
FLAGS = "is"
_DANGLING_END = re.compile(r"(?:\s|\band\b|\bor\b|\bnot\b|-|\()+$", re.IGNORECASE)


@dataclass(frozen=True)
class CompletionContext:
    """`part` is what is typed of it so far, at `start` until before `end`.

    `kind` narrows fields to those of a kind (`tag:…`). `field` and `op` are those of
    the value or operator. `others` is the filter without the term at hand.
    """

    what: str
    part: str = ""
    start: int = 0
    end: int = 0
    kind: str = ""
    field: Field | None = None
    op: str = ""
    field_end: int = 0
    others: str = ""


def completion_context(text: str, at: int) -> CompletionContext:
    """What is to come at the place `at` of the text."""
    at = max(0, min(at, len(text)))
    tokens, open_at = _tokens_before(text[:at])
    if text.startswith("/*", open_at) and open_at < at:
        return CompletionContext(NOTHING)
    part, start, tokens = _typed_word(text, tokens, open_at, at)
    end = _word_end(text, at, quote=text[open_at] if open_at < at else "")
    found = _find_context(text, tokens, part, start, end)
    is_phrase = found.what == FIELD and not found.kind and start < at
    # A phrase is free text: there is nothing to complete.
    return CompletionContext(NOTHING) if is_phrase and text[start] in QUOTES else found


def _tokens_before(text: str) -> tuple[list[Token], int]:
    """The tokens before the place, and where a quote or comment is left open."""
    try:
        return [t for t in tokenize(text) if t.kind != END], len(text)
    except InvalidFilter as error:
        open_at = int(error.details["position"])
    if open_at >= len(text):
        return [], len(text)
    return [t for t in tokenize(text[:open_at]) if t.kind != END], open_at


def _typed_word(
    text: str, tokens: list[Token], open_at: int, at: int
) -> tuple[str, int, list[Token]]:
    """What is typed of the word at hand, where it begins, and what is before it."""
    last = tokens[-1] if tokens else None
    if open_at < at:
        quote = text[open_at]
        inside = text[open_at + 1 : at].replace(quote * 2, quote)
        if last and last.kind == WORD and last.end == open_at and last.text[-1] == ".":
            return last.text + inside, last.start, tokens[:-1]
        return inside, open_at, tokens
    if last and last.end == at and last.kind in (WORD, STRING):
        plain = "".join(p.text for p in last.parts) if last.parts else last.text
        return plain, last.start, tokens[:-1]
    return "", at, tokens


def _word_end(text: str, at: int, *, quote: str) -> int:
    if quote and quote in text[at:]:
        return text.index(quote, at) + 1
    while at < len(text) and not text[at].isspace() and text[at] not in "()|,=<>:":
        at += 1
    return at


def _find_context(
    text: str, tokens: Sequence[Token], part: str, start: int, end: int
) -> CompletionContext:
    name, op = _compared_field(tokens)
    if name is None:
        # The sign negates the term and is no part of the field.
        if part.startswith("-") and text[start] == "-":
            part, start = part[1:], start + 1
        others = _other_terms(text, start, end)
        return CompletionContext(FIELD, part, start, end, others=others)
    others = _other_terms(text, name.start, end)
    kind = _field_kind(name)
    if kind and op == ":":
        return CompletionContext(FIELD, part, start, end, kind=kind, others=others)
    field = _field_of_token(tokens, name)
    if field is None:
        return CompletionContext(NOTHING)
    what = VALUE if op else OPERATION
    return CompletionContext(what, part, start, end, "", field, op, name.end, others)


def _compared_field(tokens: Sequence[Token]) -> tuple[Token | None, str]:
    """The field that is compared here and the operator so far, "" without one."""
    if not tokens:
        return None, ""
    op, place = _operator_before(tokens, len(tokens) - 1)
    if place < 0 or tokens[place].kind != WORD:
        return None, ""
    name = tokens[place]
    if op == ":":
        is_known = _field_kind(name) or operands.is_field(_without_minus(name))
    else:
        is_known = op or (
            operands.is_field(_without_minus(name)) and not _is_value(tokens, place)
        )
    return (name, op) if is_known else (None, "")


def _operator_before(tokens: Sequence[Token], place: int) -> tuple[str, int]:
    """The operator that ends at the place, and the place before it."""
    listed = _index_of_list_start(tokens, place)
    if listed >= 0:
        return "in", _index_before_not(tokens, listed - 1)
    # The values before belong to the same operator, which precedes the first of them.
    while tokens[place].kind == SIGN and tokens[place].text == "|" and place > 1:
        place -= 2
    token = tokens[place]
    if token.kind == OPERATOR:
        return token.text, place - _tokens_back_to_field(tokens, place)
    if token.kind == SIGN and token.text == ":":
        return ":", place - 1
    before = _index_before_not(tokens, place - 1) if place > 0 else -1
    is_word = token.is_word(*operands.TEXT_OPERATORS) and before >= 0
    if is_word and tokens[before].kind == WORD:
        return token.text.lower(), before
    return "", place


def _tokens_back_to_field(tokens: Sequence[Token], place: int) -> int:
    """From an operator: `k =`, `k:>`, `tag:k=`."""
    if place > 1 and tokens[place - 1].text == ":":
        return 2
    return 3 if place > 2 and tokens[place - 2].text == ":" else 1


def _index_of_list_start(tokens: Sequence[Token], place: int) -> int:
    """Where the `in` of the list stands that the place is in, else -1."""
    while place > 0 and (
        tokens[place].kind in (WORD, STRING) or tokens[place].text == ","
    ):
        place -= 1
        if tokens[place].text != "," and tokens[place + 1].text != ",":
            break
    is_list = (
        tokens[place].text == "(" and place > 1 and tokens[place - 1].is_word("in")
    )
    return place - 1 if is_list else -1


def _index_before_not(tokens: Sequence[Token], place: int) -> int:
    return place - 1 if place > 0 and tokens[place].is_word("not") else place


def _is_value(tokens: Sequence[Token], place: int) -> bool:
    """Whether the word is compared with, as opposed to being compared."""
    if place == 0:
        return False
    before = tokens[place - 1]
    return before.kind == OPERATOR or before.text in (":", "|")


def _without_minus(token: Token) -> Token:
    text = token.text
    return tokenize(text[1:])[0] if text.startswith("-") and len(text) > 1 else token


def _field_kind(name: Token) -> str:
    """The kind of a shorthand's name, FLAGS for `is`, or ""."""
    text = _without_minus(name).text
    return FLAGS if text.lower() == FLAGS else fields.kind_named(text)


def _field_of_token(tokens: Sequence[Token], name: Token) -> Field | None:
    kind = _field_kind(name)
    try:
        if kind:
            key = tokens[list(tokens).index(name) + 2]
            return operands.key_of_token(kind, key, key.text)
        return parse_field(_without_minus(name).text)
    except (InvalidFilter, IndexError):
        return None


def _other_terms(text: str, start: int, end: int) -> str:
    """The filter without what stands between the places, as far as it can be read.

    Next to an `or` the rest of the filter does not narrow what may be chosen.
    """
    if re.search(r"\bor\b", text, re.IGNORECASE):
        return ""
    before = _DANGLING_END.sub("", text[:start])
    after = re.sub(r"^[\s)]*(and\b)?", "", text[end:], flags=re.IGNORECASE)
    # What is typed around the term can be half a filter.
    for tried in (f"{before} {after}", before, after):
        try:
            node = parse(tried)
        except InvalidFilter:
            continue
        return FilterText.of_tree(node)
    return ""
