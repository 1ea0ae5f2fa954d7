"""Free words, in SQL: in the index of search texts, and in names and statuses.

A run's own texts are one search text, which has an index. Experiments, submitters and
statuses are found in their own small tables, so that renaming one writes one row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import (
    BooleanField,
    Exists,
    F,
    Func,
    OuterRef,
    Q,
    TextField,
    Value,
)
from django.db.models.sql.compiler import SQLCompiler

from runs.models import Experiment, Run, SearchIndex, SearchText, User
from runs.models.functions import starts_word
from runs.models.grams import (
    delimit_gram,
    fold_case,
    is_short_word,
    lower_case,
    match_query,
    word_gram,
    word_pairs,
)
from runs.models.search_text import GRAM_ARRAY
from runs.search.sql.access_paths import IndexScan
from runs.search.sql.conditions import (
    any_of,
    pattern_condition,
    refuse_long_pattern,
    term_texts,
)
from runs.search.sql.expressions import Expr, Sql, StartsWord
from runs.search.sql.scope import Scope
from studio.core.filters.tree import Comparison
from studio.core.statuses import CODES, RunStatus

#: Maximum experiments, people or statuses whose runs are read in turn.
MAX_NAMED_SCANS = 3
#: Experiments or people whose names are read at once, and not searched for each word.
MAX_READ_NAMES = 500
USER_NAMES = ("username", "display_name")


@dataclass(frozen=True)
class _Names:
    """The names of experiments or people, read once if they are few."""

    keys_and_names: Sequence[tuple[int, Sequence[str]]] | None
    #: Finds them in the database.
    find: Callable[[str], Any]

    @classmethod
    def read(
        cls, rows: Any, columns: Sequence[str], find: Callable[[str], Any]
    ) -> _Names:
        found = list(rows.values_list("pk", *columns)[: MAX_READ_NAMES + 1])
        if len(found) > MAX_READ_NAMES:
            return cls(None, find)
        lowered = [(key, [lower_case(name) or "" for name in n]) for key, *n in found]
        return cls(lowered, find)

    def matching_keys(self, word: str) -> Any:
        """A list of the keys whose names hold the word, or a query for many."""
        if self.keys_and_names is None:
            found = self.find(word).values_list("pk", flat=True)
            first = list(found[: MAX_NAMED_SCANS + 1])
            return first if len(first) <= MAX_NAMED_SCANS else found
        # As `_name_condition` says it in SQL.
        holds = starts_word if is_short_word(word) else str.__contains__
        part = lower_case(word) or ""
        return [
            key
            for key, names in self.keys_and_names
            if any(holds(name, part) for name in names)
        ]


class RelatedNames:
    """Finds the words of a filter in names."""

    def __init__(self, scope: Scope) -> None:
        self.runs = Run.objects.in_workspace(scope.workspace)
        self.experiments = _Names.read(
            Experiment.objects.filter(workspace=scope.workspace),
            ["name"],
            partial(matching_experiments, scope=scope),
        )
        self.users = _Names.read(User.objects.all(), USER_NAMES, matching_users)

    def scans(self, word: str) -> list[IndexScan]:
        """The runs that are named by what holds the word, if there is any."""
        refuse_long_pattern(word)
        return [
            *self._scans_of("experiment", self.experiments.matching_keys(word)),
            *self._scans_of("submitter", self.users.matching_keys(word)),
            *self._scans_of("status", matching_statuses(word)),
        ]

    def _scans_of(self, column: str, keys: Any) -> list[IndexScan]:
        # That many scans would cost more than one that is in no order.
        if not isinstance(keys, list) or len(keys) > MAX_NAMED_SCANS:
            rows = self.runs.filter(**{f"{column}__in": keys})
            return [IndexScan(rows, "pk", is_exact=True, is_windowed=True)]
        joins = [Q(**{column: key}) for key in keys]
        return [
            IndexScan(
                self.runs.filter(join), "pk", join=join, is_ordered=True, is_exact=True
            )
            for join in joins
        ]


def matching_experiments(word: str, scope: Scope) -> Any:
    return Experiment.objects.filter(
        _name_condition(word, F("name")), workspace=scope.workspace
    )


def matching_users(word: str) -> Any:
    return User.objects.filter(
        any_of([_name_condition(word, F(name)) for name in USER_NAMES])
    )


def _name_condition(word: str, text: Expr) -> Q:
    if is_short_word(word):
        return Q(StartsWord(text, word))
    return pattern_condition(text, "contains", word)


def matching_statuses(word: str) -> list[int]:
    names = {status: status.value.lower() for status in RunStatus}
    fits = str.startswith if is_short_word(word) else str.__contains__
    return sorted(CODES[s] for s, name in names.items() if fits(name, word))


class _ContainsGrams(Func):
    template = "(INSTR(%(expressions)s) > 0)"
    output_field = BooleanField()
    conditional = True


class HoldsWord(_ContainsGrams):
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


class HoldsGram(_ContainsGrams):
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


def holds_word(word: str, prefix: str = "") -> Q:
    """The search text at hand holds the folded word; `prefix` names its relation."""
    text, grams = F(f"{prefix}text"), F(f"{prefix}grams")
    gram = word_gram(word)
    if gram is not None:
        return Q(HoldsGram(grams, gram))
    found = Q(HoldsWord(text, word))
    if connection.vendor == "postgresql":
        # Whether it has trigrams of Chinese depends on the database's locale.
        for pair in dict.fromkeys(word_pairs(word)):
            found &= Q(HoldsGram(grams, pair))
    return found


def word_condition(word: str, scope: Scope) -> Q:
    """The run's texts, experiment, submitter or status hold the word.

    It is checked run by run; `word_scans` finds the runs to check.
    """
    texts = SearchText.objects.filter(holds_word(fold_case(word)), run=OuterRef("pk"))
    return _named_or(Q(Exists(texts)), fold_case(word), scope)


def joined_word_condition(word: str, scope: Scope) -> Q:
    """The same for runs that are read in order, next to the order of their texts.

    Not to be negated: it is NULL for a run without a text.
    """
    word = fold_case(word)
    return _named_or(holds_word(word, "search_text__"), word, scope)


def _named_or(texts: Q, word: str, scope: Scope) -> Q:
    conditions = [
        texts,
        Q(experiment__in=matching_experiments(word, scope).values("pk")),
        Q(submitter__isnull=False, submitter__in=matching_users(word).values("pk")),
    ]
    statuses = matching_statuses(word)
    if statuses:
        conditions.append(Q(status__in=statuses))
    return any_of(conditions)


@dataclass(frozen=True)
class WordScans:
    """Sides that together hold every run that holds all of the fold_case words."""

    words: tuple[str, ...]
    scans: list[IndexScan]


def word_scans(words: Sequence[str], related: RelatedNames) -> list[WordScans]:
    """Sides of the runs that hold all the words.

    Words that only texts hold are looked up together: both may be common where few
    runs have both.
    """
    texts, found = [], []
    for word in dict.fromkeys(map(fold_case, words)):
        named = related.scans(word)
        if named:
            found.append(WordScans((word,), [search_text_scan([word]), *named]))
        else:
            texts.append(word)
    if texts:
        found.insert(0, WordScans(tuple(texts), [search_text_scan(texts)]))
    return found


def search_text_scan(words: Sequence[str]) -> IndexScan:
    # PostgreSQL's index of words has no order, so its rows cannot lead to the runs.
    if connection.vendor == "postgresql":
        rows = _matching_search_texts(words)
        return IndexScan(rows, is_exact=True, is_key_set=True, is_guessed=True)
    join = Q(search_index__whole__matches=_match_expression(words))
    return IndexScan(
        _matching_search_texts(words),
        relation="search_index",
        join=join,
        is_ordered=True,
        is_exact=True,
    )


def _matching_search_texts(words: Sequence[str]) -> Any:
    """The rows of the index whose texts hold all the words."""
    if connection.vendor == "postgresql":
        rows = SearchText.objects.all()
        for word in words:
            rows = rows.filter(holds_word(word))
        return rows
    return SearchIndex.objects.filter(whole__matches=_match_expression(words))


def indexed_part(term: Comparison) -> str:
    """The longest part of the term's only text that the index of words can find.

    Empty if there is none: of a short word, only the beginnings of words are indexed.
    """
    texts = term_texts(term)
    if len(term.values) != 1 or len(texts) != 1:
        return ""
    parts = texts
    if term.op in ("like", "ilike"):
        parts = re.split("[%_]", texts[0])
    elif term.op not in ("=", "contains"):
        return ""
    longest = fold_case(max(parts, key=len))
    return "" if is_short_word(longest) else longest


def _match_expression(words: Sequence[str]) -> str:
    return " AND ".join(map(match_query, words))
