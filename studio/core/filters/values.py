"""Values as people write them -> typed values, by what the field holds."""

from __future__ import annotations

import difflib
import math

from studio.core.errors import InvalidFilter
from studio.core.filters import fields, tree
from studio.core.filters.literals import (
    length_text,
    read_duration,
    read_length,
    read_number,
    read_time,
)
from studio.core.filters.mistakes import mistake
from studio.core.filters.text import field_text, value_text
from studio.core.filters.tokens import STRING, Token
from studio.core.filters.tree import (
    Duration,
    Field,
    Flag,
    Number,
    Text,
    Value,
)
from studio.core.statuses import MEANT_BY, RunStatus

_ORDER = frozenset({"<", "<=", ">", ">=", "between"})
_TEXT_ONLY = frozenset(
    {"like", "not like", "ilike", "not ilike", "contains", "not contains"}
)
_EXPECTED = {
    fields.TEXT: "text",
    fields.ID: "text",
    fields.NUMBER: "a number",
    fields.TIME: "a date",
    fields.DURATION: "a duration",
    fields.STATUS: "a status",
    fields.BOOLEAN: "true or false",
    fields.MIXED: "a number",
}
_HOLDS = {
    fields.NUMBER: "numbers",
    fields.TIME: "times, such as 2026-11-24, 2026-11-24T10:00 or -7d",
    fields.DURATION: "durations, such as 90s or 1h30m",
    fields.MIXED: "text, and < and > compare numbers",
}


class Operand:
    """The place in the text where a field is compared: reads values, makes errors."""

    def __init__(self, field: Field, op: str, text: str, start: int) -> None:
        self.field = field
        self.op = op
        self.text = text
        self.start = start
        self.type = fields.value_type(field)

    def value(self, token: Token) -> Value:
        """The token as a value of the field; raises InvalidFilter."""
        value = self.read(token.text, quoted=token.kind == STRING)
        if value is None:
            raise self.wrong(token)
        return value

    def read(self, word: str, *, quoted: bool) -> Value | None:
        """The word as a value of the field, None if it cannot be one."""
        if self.type in (fields.TEXT, fields.ID) or self.op in _TEXT_ONLY:
            return Text(word)
        if self.type == fields.MIXED:
            return self._mixed(word, quoted)
        if self.type == fields.NUMBER:
            return None if quoted else self._number(word)
        return self._fixed(word)

    def _fixed(self, word: str) -> Value | None:
        if self.type == fields.TIME:
            return read_time(word)
        if self.type == fields.DURATION:
            return Duration(0) if word == "0" else read_duration(word)
        if self.type == fields.BOOLEAN:
            return {"true": Flag(True), "false": Flag(False)}.get(word.lower())
        return self._status(word)

    def _number(self, word: str) -> Number | None:
        number = read_number(word, special=self.field.kind == tree.METRICS)
        if number is None or self.op not in _ORDER:
            return number
        return None if math.isnan(number.value) else number

    def _mixed(self, word: str, quoted: bool) -> Value | None:
        number = None if quoted else self._number(word)
        if number is not None:
            return number
        return None if self.op in _ORDER else Text(word)

    def _status(self, word: str) -> Value | None:
        try:
            return Text(fields.canonical_status(word))
        except ValueError:
            return None

    def wrong(self, token: Token) -> InvalidFilter:
        expected = _EXPECTED[self.type]
        name = field_text(self.field)
        after = f" after '{self.op}'" if self.op != "between" else " in the range"
        holds = _HOLDS.get(self.type)
        if self.field.kind == tree.METRICS:
            holds = "numbers"
        return mistake(
            f"Expected {expected}{after}",
            token.start,
            token.length,
            expected=expected,
            text=self.text,
            hint=f"{name} holds {holds}." if holds else "",
            replace=(self.start, token.end),
            options=self._options(token),
        )

    def _options(self, token: Token) -> list[str]:
        """Terms that would work in place of the one that does not."""
        name, word = field_text(self.field), token.text
        if self.type == fields.STATUS:
            return [f"{name} {self.op} {near}" for near in _near_statuses(word)]
        if self.type == fields.BOOLEAN:
            return [f"{name}:true", f"{name}:false"]
        if self.type == fields.DURATION:
            length = read_length(f"{word}s") or 120_000
            return [f"{name} {self._one_sided()} {length_text(length)}"]
        if self.type == fields.TIME:
            ago = f"-{word}" if read_length(word) else "-7d"
            return [f"{name} {self._one_sided()} {ago}"]
        return self._number_options(name, word)

    def _one_sided(self) -> str:
        return self.op if self.op in ("<", "<=", ">", ">=") else ">="

    def _number_options(self, name: str, word: str) -> list[str]:
        options = [f"{name} {self._one_sided()} 0.8"]
        if self.type == fields.MIXED and word:
            text = "tags.quality" if self.field.kind == tree.METRICS else name
            options.append(f"{text} = {value_text(Text(word))}")
        return options


def _near_statuses(word: str) -> list[str]:
    foreign = MEANT_BY.get(word.lower())
    if foreign:
        return [foreign.value]
    by_lower = {status.value.lower(): status.value for status in RunStatus}
    by_lower.update({name: name for name in fields.STATUS_WORDS})
    near = difflib.get_close_matches(word.lower(), by_lower, n=3, cutoff=0.5)
    return [by_lower[name] for name in near] or ["Running", "Completed", "Failed"]
