"""Free words: which runs have a text anywhere that people would look for it."""

from __future__ import annotations

from django.db.models import Exists, F, OuterRef, Q

from runs.models import RunTag
from runs.models.functions import is_cjk, lowered
from runs.search.expressions import Expr, StartsWord
from runs.search.values import any_of, pattern_condition
from studio.core.statuses import CODES, RunStatus

#: Tags that clients keep for themselves; people never see them in the list.
HIDDEN = "mlflow."


_COLUMNS = ("name", "run_id", "description", "experiment__name")
_PERSON = ("submitter__username", "submitter__display_name")


def word_condition(word: str) -> Q:
    """Name, id, description, tags, experiment, submitter or status hold the word."""
    people = any_of([_found(word, F(column)) for column in _PERSON])
    columns = any_of([_found(word, F(column)) for column in _COLUMNS])
    by_person = Q(submitter__isnull=False) & people
    return columns | _in_tags(word) | by_person | Q(status__in=_statuses(word))


def is_short(word: str) -> bool:
    """Whether the word is too short to be looked for inside of others."""
    return len(word) < (2 if any(is_cjk(char) for char in word) else 3)


def _found(word: str, text: Expr) -> Q:
    if is_short(word):
        return Q(StartsWord(text, word))
    return pattern_condition(text, "contains", word)


def _in_tags(word: str) -> Q:
    tags = RunTag.objects.filter(run=OuterRef("pk")).exclude(
        key__name__startswith=HIDDEN
    )
    found = _found(word, F("key__name")) | _found(word, F("value"))
    return Q(Exists(tags.filter(found)))


def _statuses(word: str) -> list[int]:
    small = lowered(word) or ""
    names = {status: status.value.lower() for status in RunStatus}
    fits = str.startswith if is_short(word) else str.__contains__
    return sorted(CODES[s] for s, name in names.items() if fits(name, small))
