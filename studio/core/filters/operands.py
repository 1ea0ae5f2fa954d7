"""What the tokens of a term mean: its field and its values."""

from __future__ import annotations

import difflib
import math
from collections.abc import Sequence
from dataclasses import dataclass

from studio.core.errors import InvalidFilter
from studio.core.filters import fields, tree
from studio.core.filters.fields import (
    RUN_FIELDS,
    FieldCatalog,
    duration_text,
    field_text,
    quoted,
    read_duration,
    read_duration_ms,
    read_number,
    read_time,
    value_text,
)
from studio.core.filters.filter_errors import filter_error
from studio.core.filters.tokens import STRING, Token, WordPart
from studio.core.filters.tree import (
    AGGREGATES,
    Duration,
    Field,
    Flag,
    Number,
    Text,
    Value,
)
from studio.core.messages import message, message_with_context
from studio.core.statuses import MEANT_BY, RunStatus


@dataclass(frozen=True)
class _DottedWord:
    """A word split at its first point outside quotes."""

    head: str
    rest: tuple[WordPart, ...]


def _split_at_first_dot(parts: Sequence[WordPart]) -> _DottedWord:
    first = parts[0]
    head, point, tail = first.text.partition(".")
    rest = ([WordPart(tail, quoted=False)] if tail else []) + list(parts[1:])
    return _DottedWord(head, tuple(rest) if point else ())


def is_field(token: Token, catalog: FieldCatalog = RUN_FIELDS) -> bool:
    """Whether the word names a field, as opposed to being a free word."""
    path = _split_at_first_dot(token.parts)
    if not path.rest:
        return bool(catalog.attribute_named(path.head))
    head = path.head.lower()
    return bool(catalog.kind_named(head)) or head in catalog.prefixes


def read_field(token: Token, text: str, catalog: FieldCatalog = RUN_FIELDS) -> Field:
    """The field that a word names; raises InvalidFilter with the nearest names."""
    path = _split_at_first_dot(token.parts)
    kind = catalog.kind_named(path.head)
    if not path.rest:
        name = catalog.attribute_named(token.text)
        if name and catalog.attributes[name].filterable:
            return tree.attribute(name)
        raise (
            _missing_key_error(token, kind, text)
            if kind
            else _unknown_operand_error(token, text, catalog)
        )
    if kind:
        return keyed_field(kind, path.rest, token, text)
    if path.head.lower() in catalog.prefixes:
        name = catalog.attribute_named("".join(part.text for part in path.rest))
        if name and catalog.attributes[name].filterable:
            return tree.attribute(name)
    raise _unknown_operand_error(token, text, catalog)


def keyed_field(kind: str, parts: Sequence[WordPart], token: Token, text: str) -> Field:
    """The field of `kind` whose key `parts` spell; an unquoted end may aggregate."""
    key, aggregate = "".join(part.text for part in parts), ""
    if kind == tree.METRICS:
        key, aggregate = _split_off_aggregate(parts)
    if not key:
        raise _missing_key_error(token, kind, text)
    if kind == tree.CHILDREN:
        return Field(
            kind, _check_allowed_key(key, fields.CHILDREN_KEYS, kind, token, text)
        )
    if kind == tree.DATASETS:
        return Field(
            kind, _check_allowed_key(key, fields.DATASET_KEYS, kind, token, text)
        )
    return Field(kind, key, aggregate)


def key_of_token(kind: str, token: Token, text: str) -> Field:
    """The field of `tag:k`: the token is the key alone, quoted or not."""
    if token.kind == STRING:
        parts: Sequence[WordPart] = (WordPart(token.text, quoted=True),)
    else:
        parts = token.parts
    return keyed_field(kind, parts, token, text)


def _split_off_aggregate(parts: Sequence[WordPart]) -> tuple[str, str]:
    last = parts[-1]
    name, point, end = last.text.rpartition(".")
    lowered = end.lower()
    # An aggregate needs a key before it: `metrics.max` is the metric `max`.
    if not last.quoted and point and lowered in AGGREGATES and (name or parts[:-1]):
        return "".join(part.text for part in parts[:-1]) + name, lowered
    return "".join(part.text for part in parts), "last"


def _check_allowed_key(
    key: str, allowed: Sequence[str], kind: str, token: Token, text: str
) -> str:
    if key.lower() in allowed:
        return key.lower()
    raise filter_error(
        expected_word(allowed, f"{kind}."),
        token.start,
        token.length,
        expected=message_with_context("expected in a filter", "a known key"),
        text=text,
        options=[f"{kind}.{allowed[0]}"],
    )


def expected_word(words: Sequence[str], before: str) -> str:
    """Return that one of the words has to follow `before`."""
    listed = ", ".join(words)
    return message(
        "Expected one of %(words)s after '%(before)s'", words=listed, before=before
    )


def expected_key(before: str) -> str:
    """Return that a key has to follow `before`."""
    return message("Expected a key after '%(before)s'", before=before)


def text_hint(word: str) -> str:
    """Return how to search for a word that could be a field."""
    return message("To search for this text, write %(text)s.", text=quoted(word))


def _missing_key_error(token: Token, kind: str, text: str) -> InvalidFilter:
    word = {tree.CHILDREN: "count", tree.DATASETS: "name"}.get(kind, "key")
    return filter_error(
        expected_key(token.text.rstrip(".") + "."),
        token.start,
        token.length,
        expected=message_with_context("expected in a filter", "a key"),
        text=text,
        hint=message(
            "Write %(name)s. Put keys with special characters in double quotes.",
            name=f"{kind}.{word}",
        ),
    )


def _unknown_operand_error(
    token: Token, text: str, catalog: FieldCatalog
) -> InvalidFilter:
    word = token.text
    options: list[str] = []
    instead = catalog.instead.get(word.lower())
    if instead:
        options.append(instead)
    options += [
        name for name in catalog.similar_field_names(word) if name not in options
    ]
    # The word can be a key that was written without its kind.
    if not options:
        keyed = (tree.TAGS, tree.PARAMS, tree.METRICS)
        kinds = [kind for kind in keyed if kind in catalog.keyed]
        options = [
            field_text(Field(kind, word, "last" if kind == tree.METRICS else ""))
            for kind in kinds
        ]
    return filter_error(
        message("Unknown field '%(word)s'", word=word),
        token.start,
        token.length,
        expected=message_with_context("expected in a filter", "a field"),
        text=text,
        hint=text_hint(word),
        options=options[:3],
    )


_ORDER = frozenset({"<", "<=", ">", ">=", "between"})
#: Operators that are words and take one text.
TEXT_OPERATORS = ("like", "ilike", "contains", "matches")
_TEXT_ONLY = frozenset(
    {*TEXT_OPERATORS, *(f"not {operator}" for operator in TEXT_OPERATORS)}
)
_EXPECTED = {
    fields.TEXT: message_with_context("expected in a filter", "text"),
    fields.ID: message_with_context("expected in a filter", "text"),
    fields.NUMBER: message_with_context("expected in a filter", "a number"),
    fields.TIME: message_with_context("expected in a filter", "a date"),
    fields.DURATION: message_with_context("expected in a filter", "a duration"),
    fields.STATUS: message_with_context("expected in a filter", "a status"),
    fields.BOOLEAN: message_with_context("expected in a filter", "true or false"),
    fields.MIXED: message_with_context("expected in a filter", "a number"),
}
_CONTENTS = {
    fields.NUMBER: message_with_context("what a field contains", "numbers"),
    fields.TIME: message_with_context(
        "what a field contains", "times, such as 2026-11-24, 2026-11-24T10:00 or -7d"
    ),
    fields.DURATION: message_with_context(
        "what a field contains", "durations, such as 90s or 1h30m"
    ),
    fields.MIXED: message_with_context(
        "what a field contains", "text; < and > compare numbers"
    ),
}


class Operand:
    """The place in the text where a field is compared: reads values, makes errors."""

    def __init__(
        self,
        field: Field,
        op: str,
        text: str,
        start: int,
        catalog: FieldCatalog = RUN_FIELDS,
    ) -> None:
        self.field = field
        self.op = op
        self.text = text
        self.start = start
        self.type = catalog.value_type(field)

    def read_token(self, token: Token) -> Value:
        """The token as a value of the field; raises InvalidFilter."""
        value = self.read_word(token.text, quoted=token.kind == STRING)
        if value is None:
            raise self.value_error(token)
        return value

    def read_word(self, word: str, *, quoted: bool) -> Value | None:
        """The word as a value of the field, None if it cannot be one."""
        if self.type in (fields.TEXT, fields.ID) or self.op in _TEXT_ONLY:
            return Text(word)
        if self.type == fields.MIXED:
            return self._number_or_text(word, quoted)
        if self.type == fields.NUMBER:
            return None if quoted else self._number_operand(word)
        return self._read_typed_value(word)

    def _read_typed_value(self, word: str) -> Value | None:
        if self.type == fields.TIME:
            return read_time(word)
        if self.type == fields.DURATION:
            # Zero is the only length that needs no unit.
            return Duration(0) if word == "0" else read_duration(word)
        if self.type == fields.BOOLEAN:
            return {"true": Flag(True), "false": Flag(False)}.get(word.lower())
        return self._status_operand(word)

    def _number_operand(self, word: str) -> Number | None:
        number = read_number(word, special=self.field.kind == tree.METRICS)
        if number is None or self.op not in _ORDER:
            return number
        # NaN has no order: comparing with it would match nothing.
        return None if math.isnan(number.value) else number

    def _number_or_text(self, word: str, quoted: bool) -> Value | None:
        number = None if quoted else self._number_operand(word)
        if number is not None:
            return number
        return None if self.op in _ORDER else Text(word)

    def _status_operand(self, word: str) -> Value | None:
        try:
            return Text(fields.canonical_status(word))
        except ValueError:
            return None

    def written_before(self, token: Token) -> str:
        """The operator as it was written: `:` is read as `=`."""
        before = self.text[: token.start].rstrip()
        return before[-1:] if before.endswith((":", "|")) else self.op

    def value_error(self, token: Token) -> InvalidFilter:
        expected = _EXPECTED[self.type]
        name = field_text(self.field)
        what = message("Expected %(expected)s in the range", expected=expected)
        if self.op != "between":
            what = message(
                "Expected %(expected)s after '%(operator)s'",
                expected=expected,
                operator=self.written_before(token),
            )
        contents = _CONTENTS.get(self.type)
        if self.field.kind == tree.METRICS:
            contents = _CONTENTS[fields.NUMBER]
        hint = message(
            "%(field)s contains %(contents)s.", field=name, contents=contents
        )
        return filter_error(
            what,
            token.start,
            token.length,
            expected=expected,
            text=self.text,
            hint=hint if contents else "",
            replace=(self.start, token.end),
            options=self._suggested_terms(token),
        )

    def _suggested_terms(self, token: Token) -> list[str]:
        """Terms that would work instead of the one that does not."""
        name, word = field_text(self.field), token.text
        if self.type == fields.STATUS:
            return [f"{name} {self.op} {near}" for near in _similar_statuses(word)]
        if self.type == fields.BOOLEAN:
            return [f"{name}:true", f"{name}:false"]
        if self.type == fields.DURATION:
            # A bare number most likely means seconds.
            length = read_duration_ms(f"{word}s") or 120_000
            return [f"{name} {self._one_sided_operator()} {duration_text(length)}"]
        if self.type == fields.TIME:
            ago = f"-{word}" if read_duration_ms(word) else "-7d"
            return [f"{name} {self._one_sided_operator()} {ago}"]
        return self._number_options(name, word)

    def _one_sided_operator(self) -> str:
        return self.op if self.op in ("<", "<=", ">", ">=") else ">="

    def _number_options(self, name: str, word: str) -> list[str]:
        options = [f"{name} {self._one_sided_operator()} 0.8"]
        if self.type == fields.MIXED and word:
            text = "tags.quality" if self.field.kind == tree.METRICS else name
            options.append(f"{text} = {value_text(Text(word))}")
        return options


def _similar_statuses(word: str) -> list[str]:
    foreign = MEANT_BY.get(word.lower())
    if foreign:
        return [foreign.value]
    by_lower = {status.value.lower(): status.value for status in RunStatus}
    by_lower.update({name: name for name in fields.STATUS_WORDS})
    near = difflib.get_close_matches(word.lower(), by_lower, n=3, cutoff=0.5)
    return [by_lower[name] for name in near] or ["Running", "Completed", "Failed"]
