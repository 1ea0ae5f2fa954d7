"""SQL functions for text in any script, and the expressions that indexes use.

SQLite gets two functions on every new connection: `studio_lower` lowers the case of any
letter, `studio_starts` finds a short word at the start of words. PostgreSQL has both
(`runs.search.sql`).

The expressions contain their constants as text: a database uses an index only for the
identical expression.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BigIntegerField, BooleanField, F, Func, TextField
from django.db.models.expressions import CombinedExpression
from django.db.models.sql.compiler import SQLCompiler

from runs.models.grams import is_cjk, lower_case


def starts_word(text: str | None, word: str) -> bool:
    """Whether a word of `text`, both in lower case, begins with `word`.

    A word also begins where the script changes between CJK and another.
    """
    if text is None:
        return False
    at = text.find(word)
    while at >= 0:
        before = text[at - 1 : at]
        if not before.isalnum() or is_cjk(before) != is_cjk(word[0]):
            return True
        at = text.find(word, at + 1)
    return False


def install(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Register the functions: connected to `connection_created`."""
    raw = connection.connection
    if isinstance(raw, sqlite3.Connection):
        register_functions(raw)


def register_functions(raw: sqlite3.Connection) -> None:
    """Register both; every writer needs them, because indexes use them."""
    # SQLite accepts only deterministic functions in an index.
    raw.create_function("studio_lower", 1, lower_case, deterministic=True)
    raw.create_function("studio_starts", 2, starts_word, deterministic=True)


#: Indexed characters of a text: PostgreSQL allows 2,704 bytes a row.
BEGINNING = 120


class Beginning(Func):
    """The first characters of a text."""

    template = f"SUBSTR(%(expressions)s, 1, {BEGINNING})"
    output_field = TextField()


class IsShort(Func):
    """Whether the index of short values has a text, on PostgreSQL."""

    template = f"(LENGTH(%(expressions)s) < {BEGINNING})"
    output_field = BooleanField()
    conditional = True


class IsLong(IsShort):
    """Whether the index of the beginnings of long values has a text, on PostgreSQL."""

    template = f"(LENGTH(%(expressions)s) >= {BEGINNING})"


def recorded_duration() -> CombinedExpression:
    """The milliseconds from start to end of a run that has ended."""
    return F("ended") - F("started")


class StartOrder(Func):
    """The start of a run; a run without a start comes before all others."""

    # NULL would be sorted differently by the two databases.
    template = f"COALESCE(%(expressions)s, {-(2**62)})"
    output_field = BigIntegerField()


#: Texts are sorted by this many characters, which page tokens contain.
SORTED_CHARS = 200
#: ICU handles every script, whatever the database's locale.
ICU = 'COLLATE "und-x-icu"'
_ASCII = "LENGTH({0}) = LENGTH(CAST({0} AS BLOB))"
_LOWER = f"CASE WHEN {_ASCII} THEN LOWER({{0}}) ELSE studio_lower({{0}}) END"


class TextOrder(Func):
    """The sort key of a text: its first characters in lower case.

    ASCII uses SQLite's own function, which is five times as fast.
    """

    template = f"SUBSTR({_LOWER.format('%(expressions)s')}, 1, {SORTED_CHARS})"
    output_field = TextField()
    arity = 1

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any
    ) -> tuple[str, list[str | int] | tuple[str | int, ...]]:
        # The same as `lower_case` does for SQLite: both databases sort in the same
        # order.
        lower = f"REPLACE(LOWER(%(expressions)s {ICU}), 'ς', 'σ')"
        template = f'(SUBSTR({lower}, 1, {SORTED_CHARS}) COLLATE "C")'
        return self.as_sql(compiler, connection, template=template, **extra)


#: Behind every character that a path can have.
LAST_CHAR = "\U0010ffff"


class PathOrder(Func):
    """The first characters of a path, ordered by code point; an index can hold it."""

    template = f"SUBSTR(%(expressions)s, 1, {SORTED_CHARS})"
    output_field = TextField()
    arity = 1

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any
    ) -> tuple[str, list[str | int] | tuple[str | int, ...]]:
        template = f'(SUBSTR(%(expressions)s, 1, {SORTED_CHARS}) COLLATE "C")'
        return self.as_sql(compiler, connection, template=template, **extra)
