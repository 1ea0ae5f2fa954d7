"""Who changed a run by hand or by a program, and when: its change sets.

Of personal changes, which are stars, only one's own count.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, F, OuterRef, Q

from runs.models import Change, ChangeSet, User
from runs.search.fields.field_source import FieldSource
from runs.search.sql import (
    ALWAYS,
    NEVER,
    IndexScan,
    Scope,
    any_of,
    term_texts,
    text_condition,
    time_condition,
)
from studio.core.filters.tree import Comparison
from studio.core.messages import message


def find_actors(term: Comparison, scope: Scope, limit: int) -> list[int] | None:
    """Return the keys of the members that a term of `changed_by` names.

    None if it names no members, or more than `limit`.
    """
    if term.op not in ("=", "in"):
        return None
    texts = term_texts(term)
    named = [text for text in texts if text != "me"]
    users = User.objects.filter(Q(username__in=named) | Q(display_name__in=named))
    keys = set(users.values_list("pk", flat=True)[: limit + 1]) if named else set()
    if "me" in texts:
        keys.add(scope.viewer.pk)
    return sorted(keys) if len(keys) <= limit else None


def actor_condition(term: Comparison, scope: Scope) -> Q:
    """Which change sets fulfill a positive term of `changed_by`."""
    present = Q(actor__isnull=False)
    if term.op == "is not null":
        return present
    if term.op in ("=", "in"):
        texts = term_texts(term)
        named = [text for text in texts if text != "me"]
        own = Q(actor=scope.viewer) if "me" in texts else NEVER
        by_name = Q(actor__username__in=named) | Q(actor__display_name__in=named)
        return own | (present & by_name) if named else own
    columns = ("actor__username", "actor__display_name")
    fitting = [text_condition(c, F(c), term.op, term.values) for c in columns]
    return present & any_of(fitting)


def moment_condition(term: Comparison, scope: Scope) -> Q:
    """Which change sets fulfill a positive term of `changed`."""
    if term.op == "is not null":
        return ALWAYS
    return time_condition(F("time"), term.op, term.values, scope.now)


def visible_sets(scope: Scope) -> Any:
    sets = ChangeSet.objects.filter(workspace=scope.workspace)
    return sets.filter(Q(is_personal=False) | Q(actor=scope.viewer))


def _sets(term: Comparison, scope: Scope) -> Any:
    is_of_actor = term.field.key == "changed_by"
    found = (actor_condition if is_of_actor else moment_condition)(term, scope)
    return visible_sets(scope).filter(found)


def _condition(term: Comparison, scope: Scope) -> Q:
    # From the run's own changes: most runs have few.
    sets = _sets(term, scope).filter(pk=OuterRef("change_set"))
    changes = Change.objects.filter(run=OuterRef("pk"))
    return Q(Exists(changes.filter(Exists(sets))))


def _scan(term: Comparison, scope: Scope) -> list[IndexScan]:
    if term.op == "is not null":
        return []
    sets = _sets(term, scope)
    changes = Change.objects.filter(change_set__in=sets.values("pk"))
    return [IndexScan(changes.filter(run__isnull=False))]


CHANGES = (
    FieldSource(
        "changed",
        condition=_condition,
        scan=_scan,
        why_not_grouped=message("A run can have many changes. Filter by their time."),
    ),
    FieldSource(
        "changed_by",
        condition=_condition,
        scan=_scan,
        why_not_grouped=message("Several members can change a run. Filter by member."),
    ),
)
