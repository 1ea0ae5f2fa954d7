"""What a search text holds, in SQL: looked up in the index, or asked of one text."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, F, Func, Q, TextField, Value
from django.db.models.sql.compiler import SQLCompiler

from runs.models.grams import delimit_gram, word_gram, word_pairs
from runs.models.search_text import GRAM_ARRAY
from runs.search.sql.expressions import Expr, Sql


class _Holds(Func):
    template = "(INSTR(%(expressions)s) > 0)"
    output_field = BooleanField()
    conditional = True


class HoldsWord(_Holds):
    """Whether the text holds a long word; both are fold_case."""

    def __init__(self, text: Expr, word: str) -> None:
        self.word = word
        super().__init__(text, Value(word, output_field=TextField()))

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any
    ) -> Sql:
        """By LIKE, which the index of trigrams answers."""
        escaped = connection.ops.prep_for_like_query(self.word)
        same = self.copy()
        pattern = Value(f"%{escaped}%", output_field=TextField())
        same.set_source_expressions([self.source_expressions[0], pattern])
        template, joiner = "(%(expressions)s)", " LIKE "
        return same.as_sql(
            compiler, connection, template=template, arg_joiner=joiner, **extra
        )


class HoldsGram(_Holds):
    """Whether the grams hold one."""

    def __init__(self, grams: Expr, gram: str) -> None:
        self.gram = gram
        super().__init__(grams, Value(delimit_gram(gram), output_field=TextField()))

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any
    ) -> Sql:
        """By the array that the index is over."""
        same = self.copy()
        gram = Value(self.gram, output_field=TextField())
        same.set_source_expressions([self.source_expressions[0], gram])
        array, rest = GRAM_ARRAY.split("{column}")
        template, joiner = f"({array}%(expressions)s])", f"{rest} @> ARRAY["
        return same.as_sql(
            compiler, connection, template=template, arg_joiner=joiner, **extra
        )


def holds_word(word: str) -> Q:
    """The search text at hand holds the folded word."""
    gram = word_gram(word)
    if gram is not None:
        return Q(HoldsGram(F("grams"), gram))
    found = Q(HoldsWord(F("text"), word))
    if connection.vendor == "postgresql":
        # Whether it has trigrams of Chinese depends on the database's locale.
        for pair in dict.fromkeys(word_pairs(word)):
            found &= Q(HoldsGram(F("grams"), pair))
    return found
