"""Free words: which runs have a text anywhere that people would look for it.

A run's own texts are one search text, which has an index. Experiments, submitters and
statuses are found in their own small tables, so that renaming one writes one row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Exists, F, OuterRef, Q

from runs.models import Experiment, Run, SearchIndex, SearchText, User
from runs.models.grams import fold_case, is_short_word, match_query
from runs.search.sql.access_paths import IndexScan
from runs.search.sql.expressions import Expr, StartsWord
from runs.search.sql.scope import Scope
from runs.search.sql.value_conditions import any_of, pattern_condition
from runs.search.sql.word_sql import holds_word
from studio.core.statuses import CODES, RunStatus

#: Runs of so many experiments, people or statuses are read one after the other.
MAX_NAMED_SCANS = 3


def word_condition(word: str, scope: Scope) -> Q:
    """The run's texts, experiment, submitter or status hold the word.

    Asked of one run at a time; `word_sides` says which runs to ask.
    """
    word = fold_case(word)
    texts = SearchText.objects.filter(holds_word(word), run=OuterRef("pk"))
    conditions = [
        Q(Exists(texts)),
        Q(experiment__in=_experiments(word, scope).values("pk")),
        Q(submitter__isnull=False, submitter__in=_people(word).values("pk")),
    ]
    statuses = _statuses(word)
    if statuses:
        conditions.append(Q(status__in=statuses))
    return any_of(conditions)


@dataclass(frozen=True)
class WordScans:
    """Sides that together hold every run that holds all of the fold_case words."""

    words: tuple[str, ...]
    scans: list[IndexScan]


def word_scans(words: Sequence[str], scope: Scope) -> list[WordScans]:
    """Sides of the runs that hold all the words.

    Words that only texts hold are looked up together: both may be common where few
    runs have both.
    """
    texts, found = [], []
    for word in dict.fromkeys(map(fold_case, words)):
        named = _named_scans(word, scope)
        if named:
            found.append(WordScans((word,), [text_scan([word]), *named]))
        else:
            texts.append(word)
    if texts:
        found.insert(0, WordScans(tuple(texts), [text_scan(texts)]))
    return found


def text_scan(words: Sequence[str]) -> IndexScan:
    if connection.vendor == "postgresql":
        return IndexScan(_texts(words))
    join = Q(search_index__whole__matches=_match(words))
    return IndexScan(
        _texts(words),
        relation="search_index",
        join=join,
        is_ordered=True,
        is_exact=True,
    )


def _texts(words: Sequence[str]) -> Any:
    """The rows of the index whose texts hold all the words."""
    if connection.vendor == "postgresql":
        rows = SearchText.objects.all()
        for word in words:
            rows = rows.filter(holds_word(word))
        return rows
    return SearchIndex.objects.filter(whole__matches=_match(words))


def _match(words: Sequence[str]) -> str:
    return " AND ".join(map(match_query, words))


def _named_scans(word: str, scope: Scope) -> list[IndexScan]:
    """The runs that hold the word in what they are named by, where anything does."""
    runs = Run.objects.in_workspace(scope.workspace)
    scans = []
    experiments = _experiments(word, scope).values_list("pk", flat=True)
    for name, found in (
        ("experiment", list(experiments[: MAX_NAMED_SCANS + 1])),
        (
            "submitter",
            list(_people(word).values_list("pk", flat=True)[: MAX_NAMED_SCANS + 1]),
        ),
        ("status", _statuses(word)),
    ):
        if len(found) > MAX_NAMED_SCANS:
            many = {"experiment": experiments, "submitter": _people(word).values("pk")}
            rows = runs.filter(**{f"{name}__in": many.get(name, found)})
            scans.append(IndexScan(rows, "pk", is_exact=True, is_windowed=True))
            continue
        for value in found:
            join = Q(**{name: value})
            scan = IndexScan(
                runs.filter(join), "pk", join=join, is_ordered=True, is_exact=True
            )
            scans.append(scan)
    return scans


def _experiments(word: str, scope: Scope) -> Any:
    return Experiment.objects.filter(
        _name_condition(word, F("name")), workspace=scope.workspace
    )


def _people(word: str) -> Any:
    columns = ("username", "display_name")
    return User.objects.filter(
        any_of([_name_condition(word, F(name)) for name in columns])
    )


def _name_condition(word: str, text: Expr) -> Q:
    if is_short_word(word):
        return Q(StartsWord(text, word))
    return pattern_condition(text, "contains", word)


def _statuses(word: str) -> list[int]:
    names = {status: status.value.lower() for status in RunStatus}
    fits = str.startswith if is_short_word(word) else str.__contains__
    return sorted(CODES[s] for s, name in names.items() if fits(name, word))
