"""What a run belongs to: its status, experiment, submitter, and place in the tree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Case, F, IntegerField, Q, When
from django.db.models import Value as SqlValue
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact, In

from runs.models import Experiment, Run, User
from runs.search.fields.field_source import (
    CellLink,
    FieldSource,
    GroupColumn,
    GroupValues,
    OwnColumn,
    ValueName,
)
from runs.search.fields.sorting import sort_by_exact_text, sort_by_integer, sort_by_text
from runs.search.fields.text_columns import own_text_field
from runs.search.sql import (
    ALWAYS,
    NEVER,
    Expr,
    IndexScan,
    InKeys,
    Scope,
    Unindexed,
    any_of,
    false_if_null,
    term_texts,
    text_condition,
)
from studio.core.filters.fields import statuses_of
from studio.core.filters.tree import Comparison, Field
from studio.core.messages import message
from studio.core.statuses import CODES, RunStatus


def _status_codes(term: Comparison) -> list[int]:
    words = term_texts(term)
    return sorted({CODES[s] for word in words for s in statuses_of(word)})


def _status_condition(term: Comparison, _scope: Scope) -> Q:
    codes = _status_codes(term)
    if len(codes) == 1:
        return Q(status=codes[0])
    # The index on the status knows no order of several.
    return Q(In(Unindexed(F("status")), codes))


def _status_scan(term: Comparison, scope: Scope) -> list[IndexScan]:
    runs = Run.objects.in_workspace(scope.workspace)
    return [IndexScan(runs.filter(status__in=_status_codes(term)), "pk")]


def _status_order(_scope: Scope) -> Expr:
    """The statuses in the order of a run's life."""
    places = enumerate(RunStatus)
    whens = [When(status=CODES[s], then=SqlValue(n)) for n, s in places]
    return Case(*whens, output_field=IntegerField())


def _status_names(codes: Sequence[Any]) -> Mapping[Any, ValueName]:
    return {code: ValueName(RunStatus.from_code(code).value) for code in codes}


def _experiment_condition(term: Comparison, scope: Scope) -> Q:
    """By the few experiments that match, and not by the name of each run's."""
    if term.op == "is not null":
        return ALWAYS
    found = Q(experiment__in=_matching_experiments(term, scope).values("pk"))
    # A pattern can match many experiments: not joined, but in a hash table.
    return found if term.op in ("=", "in") else false_if_null(found)


def _matching_experiments(term: Comparison, scope: Scope) -> Any:
    named = text_condition("name", F("name"), term.op, term.values)
    return Experiment.objects.filter(named, workspace=scope.workspace)


def _experiment_scan(term: Comparison, scope: Scope) -> list[IndexScan]:
    if term.op == "is not null":
        return []
    found = _matching_experiments(term, scope)
    return [IndexScan(Run.objects.filter(experiment__in=found.values("pk")), "pk")]


def _experiment_names(keys: Sequence[Any]) -> Mapping[Any, ValueName]:
    rows = Experiment.objects.filter(Q(InKeys("id", list(keys))))
    return {pk: ValueName(name) for pk, name in rows.values_list("pk", "name")}


def _submitter_condition(term: Comparison, scope: Scope) -> Q:
    # Without a submitter, the columns of the user are NULL; with this, the condition
    # never is.
    present = Q(submitter__isnull=False)
    if term.op == "is not null":
        return present
    if term.op in ("=", "in"):
        texts = term_texts(term)
        named = [text for text in texts if text != "me"]
        # One person may have submitted almost all: their index would not be in order.
        own = Q(Exact(Unindexed(F("submitter_id")), scope.viewer.pk))
        mine = present & own if "me" in texts else NEVER
        by_name = Q(submitter__username__in=named)
        return mine | (present & (by_name | Q(submitter__display_name__in=named)))
    columns = ("submitter__username", "submitter__display_name")
    fitting = [text_condition(c, F(c), term.op, term.values) for c in columns]
    return present & any_of(fitting)


def _submitter_scan(term: Comparison, scope: Scope) -> list[IndexScan]:
    if term.op != "=" or term_texts(term) != ["me"]:
        return []
    return [IndexScan(Run.objects.filter(submitter=scope.viewer), "pk")]


def _locker_condition(term: Comparison, scope: Scope) -> Q:
    # Few runs are locked, and an unlocked one has no such member.
    present = Q(locked=True, locked_by__isnull=False)
    if term.op == "is not null":
        return present
    if term.op in ("=", "in"):
        texts = term_texts(term)
        named = [text for text in texts if text != "me"]
        own = Q(locked_by=scope.viewer) if "me" in texts else NEVER
        by_name = Q(locked_by__username__in=named)
        any_name = by_name | Q(locked_by__display_name__in=named)
        return present & (own | any_name)
    columns = ("locked_by__username", "locked_by__display_name")
    fitting = [text_condition(c, F(c), term.op, term.values) for c in columns]
    return present & any_of(fitting)


def _user_names(keys: Sequence[Any]) -> Mapping[Any, ValueName]:
    found = User.objects.filter(Q(InKeys("id", list(keys))))
    return {one.pk: ValueName(one.username, str(one)) for one in found}


def _parent_scan(term: Comparison, scope: Scope) -> list[IndexScan]:
    if term.op not in ("=", "in"):
        return []
    names, runs = term_texts(term), Run.objects.in_workspace(scope.workspace)
    parents = runs.filter(run_id__in=names)
    # A child can arrive before its parent, and then has only the parent's id.
    waiting = ~Q(parent_run_id="") & Q(parent__isnull=True, parent_run_id__in=names)
    below = Run.objects.filter(parent__in=list(parents.values_list("pk", flat=True)))
    return [IndexScan(below, "pk"), IndexScan(runs.filter(waiting), "pk")]


def _root_id_expression() -> Expr:
    """The id of the run at the top of the tree: of a root, its own."""
    return Coalesce(F("root__run_id"), F("run_id"))


def _root_condition(term: Comparison, _scope: Scope) -> Q:
    if term.op == "is not null":
        return ALWAYS
    if term.op in ("=", "in"):
        texts = term_texts(term)
        below = Q(root__isnull=False) & Q(root__run_id__in=texts)
        return below | Q(root__isnull=True, run_id__in=texts)
    return text_condition("", _root_id_expression(), term.op, term.values)


def _root_scan(term: Comparison, scope: Scope) -> list[IndexScan]:
    if term.op not in ("=", "in"):
        return []
    runs = Run.objects.in_workspace(scope.workspace)
    roots = runs.filter(run_id__in=term_texts(term))
    below = Run.objects.filter(root__in=list(roots.values_list("pk", flat=True)))
    return [IndexScan(below, "pk"), IndexScan(roots, "pk")]


def _read_root_ids(
    _keys: Sequence[int],
    rows: Sequence[tuple[Any, ...]],
    _field: Field,
    _scope: Scope,
) -> list[str | None]:
    return [root or run_id for run_id, root in rows]


OWNERS = (
    FieldSource(
        "status",
        condition=_status_condition,
        sort=sort_by_integer(_status_order),
        value=OwnColumn("status", RunStatus.from_code),
        columns=("status",),
        scan=_status_scan,
        group=GroupColumn("status", _status_names),
        facet=10,
        comparison=10,
        css="state",
    ),
    FieldSource(
        "experiment",
        condition=_experiment_condition,
        sort=sort_by_text(lambda _scope: F("experiment__name")),
        value=lambda run, context, _field: context.experiment(run).name,
        scan=_experiment_scan,
        group=GroupColumn("experiment_id", _experiment_names),
        facet=40,
        comparison=50,
        link=CellLink.NAME,
        css="experiment",
    ),
    FieldSource(
        "submitter",
        condition=_submitter_condition,
        sort=sort_by_text(lambda _scope: F("submitter__username")),
        value=lambda run, context, _field: (
            one.username if (one := context.submitter(run)) else None
        ),
        scan=_submitter_scan,
        group=GroupColumn("submitter_id", _user_names),
        facet=20,
        comparison=30,
        link=CellLink.NAME,
        shown=lambda run: str(run.submitter),
    ),
    FieldSource(
        "locked_by",
        condition=_locker_condition,
        why_not_grouped=message("Filter by the member who locked the runs."),
    ),
)
RELATIVES = (
    own_text_field(
        "parent",
        column="parent_run_id",
        scan=_parent_scan,
        group=GroupColumn("parent_run_id"),
        comparison=130,
        finds_children=True,
    ),
    FieldSource(
        "root",
        condition=_root_condition,
        sort=sort_by_exact_text(_root_id_expression()),
        value=lambda run, context, _field: context.root_id(run),
        columns=("run_id", "root__run_id"),
        group_values=GroupValues(_read_root_ids, ("run_id", "root__run_id")),
        scan=_root_scan,
        finds_children=True,
    ),
)
