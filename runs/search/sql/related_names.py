"""What runs are named by apart from their own texts: experiments, people, statuses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db.models import F, Q

from runs.models import Experiment, Run, User
from runs.models.functions import starts_word
from runs.models.grams import is_short_word, lower_case
from runs.search.sql.access_paths import IndexScan
from runs.search.sql.conditions import (
    any_of,
    pattern_condition,
    refuse_long_pattern,
)
from runs.search.sql.expressions import Expr, StartsWord
from runs.search.sql.scope import Scope
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
