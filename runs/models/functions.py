"""What SQLite lacks for text in any script: registered on every new connection.

`studio_lower` lowers the case of any letter, `studio_starts` looks for a short word at
the start of words. On PostgreSQL the same is said in SQL (`search.expressions`).

And three expressions that indexes are over. Their constants stand in their text, for an
index serves only what is spelled as it is.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BigIntegerField, Func, TextField
from django.db.models.sql.compiler import SQLCompiler


def lowered(text: str | None) -> str | None:
    """Lower case; both forms of the Greek sigma are one, for its case is lost."""
    return None if text is None else text.lower().replace("ς", "σ")


def is_cjk(char: str) -> bool:
    """Chinese, Japanese or Korean: scripts whose words no space divides."""
    return (
        "\u3040" <= char <= "\u30ff"
        or "\u3400" <= char <= "\u4dbf"
        or "\u4e00" <= char <= "\u9fff"
        or "\uac00" <= char <= "\ud7af"
    )


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
        register(raw)


def register(raw: sqlite3.Connection) -> None:
    """Who writes to the database needs them: indexes are made of them."""
    raw.create_function("studio_lower", 1, lowered, deterministic=True)
    raw.create_function("studio_starts", 2, starts_word, deterministic=True)


#: How much of a text stands in an index: PostgreSQL allows 2,704 bytes a row.
BEGINNING = 120


class Beginning(Func):
    """The first characters of a text."""

    template = f"SUBSTR(%(expressions)s, 1, {BEGINNING})"
    output_field = TextField()


class StartOrder(Func):
    """When a run started; of a run without a start, before all others."""

    template = f"COALESCE(%(expressions)s, {-(2**62)})"
    output_field = BigIntegerField()


#: Texts are ordered by so many characters, for a cursor carries them.
TEXT_LENGTH = 200
#: Whatever the database's own locale is, ICU knows every script.
ICU = 'COLLATE "und-x-icu"'
_ASCII = "LENGTH({0}) = LENGTH(CAST({0} AS BLOB))"
_LOWER = f"CASE WHEN {_ASCII} THEN LOWER({{0}}) ELSE studio_lower({{0}}) END"


class TextOrder(Func):
    """What texts are sorted by: their beginning in lower case, by its characters.

    ASCII by SQLite's own function: five times as fast as by ours.
    """

    template = f"SUBSTR({_LOWER.format('%(expressions)s')}, 1, {TEXT_LENGTH})"
    output_field = TextField()
    arity = 1

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any
    ) -> tuple[str, list[str | int] | tuple[str | int, ...]]:
        lower = f"REPLACE(LOWER(%(expressions)s {ICU}), 'ς', 'σ')"
        template = f'(SUBSTR({lower}, 1, {TEXT_LENGTH}) COLLATE "C")'
        return self.as_sql(compiler, connection, template=template, **extra)
