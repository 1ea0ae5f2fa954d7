"""Comparisons in SQL that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import (
    BooleanField,
    Case,
    Exists,
    F,
    FloatField,
    Func,
    Lookup,
    Q,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.sql.compiler import SQLCompiler

from runs.models.functions import ICU
from runs.models.grams import is_cjk, lower_case
from runs.models.search_text import IndexedText

Sql = tuple[str, tuple[str | int, ...]]
Expr = Combinable

#: Longer ones could only slow the database down: SQLite refuses at 50,000 bytes.
MAX_PATTERN_LENGTH = 2000
_GLOB = {"%": "*", "_": "?", "*": "[*]", "?": "[?]", "[": "[[]"}
_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"


class _BooleanFunction(Func):
    """A function or operator that is true or false."""

    output_field = BooleanField()
    conditional = True


class Compare(_BooleanFunction):
    """`left op right` for numbers, whatever kind of number either is."""

    template = "(%(expressions)s)"

    def __init__(self, left: Expr, op: str, right: float) -> None:
        kind = None if isinstance(right, int) else FloatField()
        super().__init__(left, Value(right, output_field=kind), arg_joiner=f" {op} ")


class Lowered(Func):
    """The text in lower case, in any script."""

    function = "studio_lower"
    output_field = TextField()

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any
    ) -> Sql:
        """ASCII by SQLite's own function: five times as fast as by ours."""
        text = self.source_expressions[0]
        # The text stands in the SQL four times, and a subquery would run as often.
        if any(isinstance(each, Subquery) for each in text.flatten()):
            return self.as_sql(compiler, connection, **extra)
        sql, given = compiler.compile(text)
        # Only ASCII has as many bytes as characters.
        is_ascii = f"LENGTH({sql}) = LENGTH(CAST({sql} AS BLOB))"
        return (
            f"CASE WHEN {is_ascii} THEN LOWER({sql}) ELSE studio_lower({sql}) END",
            (*given, *given, *given, *given),
        )

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any
    ) -> Sql:
        template = f"REPLACE(LOWER(%(expressions)s {ICU}), 'ς', 'σ')"
        return self.as_sql(compiler, connection, template=template, **extra)


class ByCharacter(Func):
    """The text, ordered by its characters and not by a language's rules."""

    template = "(%(expressions)s)"
    output_field = TextField()

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any
    ) -> Sql:
        template = '(%(expressions)s COLLATE "C")'
        return self.as_sql(compiler, connection, template=template, **extra)


class Unindexed(Func):
    """The column's value, for which SQLite's planner looks into no index.

    It knows averages only: where we know better what to begin with, the others are
    told to follow. PostgreSQL knows how values are spread.
    """

    template = "%(expressions)s"
    arity = 1

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any
    ) -> Sql:
        return self.as_sql(compiler, connection, template="+%(expressions)s", **extra)


class ComputedOrder(Unindexed):
    """A number to order by that no index of either database has in order.

    PostgreSQL would read an index of the order from its end, and expects the rows of a
    condition to be spread evenly in it.
    """

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any
    ) -> Sql:
        template = "(%(expressions)s + 0)"
        return self.as_sql(compiler, connection, template=template, **extra)


class Contains(_BooleanFunction):
    """Whether the text holds another, whatever the case."""

    function = "INSTR"
    template = "(INSTR(%(expressions)s) > 0)"

    def __init__(self, text: Expr, part: str) -> None:
        wanted = Value(lower_case(part), output_field=TextField())
        # What has no case need not be lower_case to be found.
        has_case = not part.isascii() or any(map(str.isalpha, part))
        super().__init__(Lowered(text) if has_case else text, wanted)

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any
    ) -> Sql:
        template = "(STRPOS(%(expressions)s) > 0)"
        return self.as_sql(compiler, connection, template=template, **extra)


class Like(_BooleanFunction):
    """Whether the whole text fits a pattern of `%` and `_`; nothing escapes them."""

    def __init__(self, text: Expr, pattern: str, *, any_case: bool = False) -> None:
        self.pattern = (lower_case(pattern) or "") if any_case else pattern
        wanted = Value(self.pattern, output_field=TextField())
        super().__init__(Lowered(text) if any_case else text, wanted)

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any
    ) -> Sql:
        """By GLOB, since the LIKE of SQLite ignores the case of some letters."""
        glob = "".join(_GLOB.get(char, char) for char in self.pattern)
        same: Func = self.copy()
        text = self.source_expressions[0]
        same.set_source_expressions([text, Value(glob, output_field=TextField())])
        template, joiner = "(%(expressions)s)", " GLOB "
        return same.as_sql(
            compiler, connection, template=template, arg_joiner=joiner, **extra
        )

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any
    ) -> Sql:
        # Without an escape character, a backslash in the pattern is a plain one.
        template, joiner = "(%(expressions)s ESCAPE '')", " LIKE "
        return self.as_sql(
            compiler, connection, template=template, arg_joiner=joiner, **extra
        )


class StartsWord(_BooleanFunction):
    """Whether a word of the text begins so: `models.functions.starts_word`."""

    function = "studio_starts"

    def __init__(self, text: Expr, word: str) -> None:
        self.word = lower_case(word) or ""
        super().__init__(Lowered(text), Value(self.word, output_field=TextField()))

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any
    ) -> Sql:
        breaks = f"[^{_CJK}]" if is_cjk(self.word[0]) else f"[^[:alnum:]]|[{_CJK}]"
        expression = Value(f"(^|{breaks}){re.escape(self.word)}")
        same: Func = self.copy()
        same.set_source_expressions([self.source_expressions[0], expression])
        template, joiner = "(%(expressions)s)", " ~ "
        return same.as_sql(
            compiler, connection, template=template, arg_joiner=joiner, **extra
        )


class ExistsByLookup(Exists):
    """EXISTS, asked of one row after the other.

    PostgreSQL would rather read all rows of the subquery into a hash table, though a
    list needs only its newest rows.
    """

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any
    ) -> tuple[str, tuple[Any, ...]]:
        # Of a subquery with an offset it makes no other kind of join.
        return self.as_sql(
            compiler, connection, template="EXISTS(%(subquery)s OFFSET 0)", **extra
        )


def look_up_each(condition: Q) -> Q:
    """The same condition, whose subqueries are asked of one run after the other."""
    if connection.vendor != "postgresql":
        return condition
    changed = condition.copy()
    changed.children = [_look_up(child) for child in changed.children]
    return changed


def _look_up(child: Any) -> Any:
    if isinstance(child, Q):
        return look_up_each(child)
    return ExistsByLookup(child.query) if type(child) is Exists else child


def false_if_null(condition: Q) -> Q:
    """The condition where it is true, else false: never NULL."""
    truth = Case(
        When(condition, then=Value(True)),
        default=Value(False),
        output_field=BooleanField(),
    )
    return Q(truth)


class InKeys(_BooleanFunction):
    """Whether a column is one of very many ids: they are sent as one value.

    PostgreSQL looks each of them up in an index. If at least one of `max_gap` numbers
    in their range is among them, it reads the range and compares by a hash table, which
    takes a tenth of a look-up for each number.
    """

    #: A table of keys has several rows for each run; of one key it has one.
    MAX_GAP, MAX_GAP_OF_RUNS = 3, 20
    _MIN_RANGE = 100

    def __init__(
        self, column: str | Expr, ids: Sequence[int], *, max_gap: int = MAX_GAP
    ) -> None:
        super().__init__(F(column) if isinstance(column, str) else column)
        self.ids = list(ids)
        self.max_gap = max_gap

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any
    ) -> tuple[str, tuple[Any, ...]]:
        del connection, extra
        sql, params = compiler.compile(self.source_expressions[0])
        found = f"{sql} IN (SELECT value FROM json_each(%s))"
        return found, (*params, json.dumps(self.ids))

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any
    ) -> tuple[str, tuple[Any, ...]]:
        del connection, extra
        sql, params = compiler.compile(self.source_expressions[0])
        # Converting a list number by number takes the driver longer than its text.
        ids = "{" + ",".join(map(str, self.ids)) + "}"
        if not self._is_dense:
            return f"{sql} = ANY(%s::bigint[])", (*params, ids)
        # An expression, so that the index is read by the range.
        found = f"({sql} BETWEEN %s AND %s AND ({sql} + 0) = ANY(%s::bigint[]))"
        limits = (min(self.ids), max(self.ids))
        return found, (*params, *limits, *params, ids)

    @property
    def _is_dense(self) -> bool:
        count = len(self.ids)
        if count < self._MIN_RANGE:
            return False
        return max(self.ids) - min(self.ids) < self.max_gap * count


@IndexedText.register_lookup
class FullTextMatch(Lookup):
    lookup_name = "matches"

    def as_sql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, tuple[str | int, ...]]:
        left, _ = self.process_lhs(compiler, connection)
        return f"{left} MATCH %s", (self.rhs,)
