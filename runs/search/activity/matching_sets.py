"""Which change sets of a workspace match, and which of them a member sees.

Stars and changes of private views are visible to their author only. A change of a view
is also hidden while its view is private.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.lookups import Exact, In
from django.utils.translation import gettext as _

from runs.models import (
    Change,
    ChangeKind,
    ChangeSet,
    ChangeWay,
    Experiment,
    Run,
    RunQuerySet,
    User,
    Workspace,
)
from runs.search.fields import actor_condition, find_actors, moment_condition
from runs.search.query import expand_views, filter_condition
from runs.search.sql import NEVER, Scope, Unindexed, make_scope
from studio.core.errors import InvalidValue
from studio.core.filters import Node, parse
from studio.core.filters.tree import (
    NEGATED,
    And,
    Comparison,
    Not,
    Or,
    attribute,
    fields_of,
    terms,
)

#: The action of undoing changes and of restoring them again. `runs.actions.undo` writes
#: these.
UNDO_ACTIONS = ("undo", "redo")
#: Instead of a kind: what was undone and restored.
UNDO_KIND = "undo"
KINDS = (*ChangeKind.values, UNDO_KIND)
_OF_TIME, _OF_ACTOR = (
    frozenset({attribute(name)}) for name in ("changed", "changed_by")
)
_OF_SETS = _OF_TIME | _OF_ACTOR
#: Members that a term can name; with more, each set is compared with them.
MAX_ACTORS = 50
#: Changes of one run whose change sets are looked up by their keys.
MAX_CHANGES_OF_RUN = 10_000


@dataclass(frozen=True)
class ActivityFilter:
    """What the address of the page and the parameters of REST ask for.

    `q` is in the filter language: `changed` and `changed_by` are of the change, all
    other terms of a run that it changed. `token` is a token's number.
    """

    q: str = ""
    members: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    ways: tuple[str, ...] = ()
    token: int | None = None
    run: str = ""
    experiment: str = ""
    #: Leave out what was changed only in archived and deleted runs.
    is_current: bool = False
    #: Show an undo as a change of its own, also where it marks the change it undid.
    has_undos: bool = True

    def check(self) -> ActivityFilter:
        """Raises InvalidValue for an unknown kind or way."""
        known = (("kind", self.kinds, KINDS), ("way", self.ways, ChangeWay.values))
        for name, given, allowed in known:
            if not set(given) <= set(allowed):
                raise InvalidValue(
                    _("%(field)s must be one of %(allowed)s.")
                    % {"field": name, "allowed": ", ".join(allowed)},
                    field=name,
                )
        return self


@dataclass(frozen=True)
class Facet:
    """A condition in parts that have no change set in common.

    Each part is a range of an index in the order of time.
    """

    parts: Sequence[Q]
    #: The same for a query that another facet leads.
    condition: Q
    #: What no index holds, for a query that this facet leads.
    check: Q = field(default_factory=Q)
    #: One of the choices next to the feed, which their counts leave out.
    is_choice: bool = False


@dataclass(frozen=True)
class ActivityQuery:
    """A checked filter of one workspace for one viewer; reads nothing yet."""

    wanted: ActivityFilter
    node: Node | None
    scope: Scope

    def sets_of_time(self) -> Any:
        """All sets of the time that the filter asks for, of all workspaces.

        The parts of a facet add the workspace.
        """
        found = ChangeSet.objects.all()
        for term in self._terms_of(_OF_TIME):
            found = found.filter(self._set_condition(term))
        return found

    @cached_property
    def facets(self) -> list[Facet]:
        """The conditions that an index leads; all sets of the workspace without any."""
        found = [*self._fixed_facets(), *map(self._actor_facet, self._actor_terms)]
        wanted = self.wanted
        if wanted.members:
            users = User.objects.filter(username__in=wanted.members)
            keys = list(users.values_list("pk", flat=True))
            found.append(self._one_of("actor", keys, is_choice=True))
        if wanted.kinds and UNDO_KIND not in wanted.kinds:
            found.append(self._one_of("kind", wanted.kinds, is_choice=True))
        return found

    def _fixed_facets(self) -> list[Facet]:
        wanted, found = self.wanted, []
        if wanted.run:
            runs = self._runs().filter(run_id=wanted.run)
            keys = list(runs.values_list("pk", flat=True))
            sets = Change.objects.filter(run__in=keys).values_list("change_set")
            numbers = [key for (key,) in sets[: MAX_CHANGES_OF_RUN + 1]]
            # Of a subquery PostgreSQL expects many sets, and reads all by time.
            is_known = len(numbers) <= MAX_CHANGES_OF_RUN
            of_run = Q(pk__in=set(numbers) if is_known else sets)
            found.append(Facet([of_run & self._in_workspace()], of_run))
        if wanted.token is not None:
            found.append(self._one_of("token", [wanted.token]))
        if wanted.experiment:
            found.append(self._experiment_facet(wanted.experiment))
        return found

    def other_conditions(self) -> list[Q]:
        """What no index holds by time, and what the viewer sees."""
        terms_of_run = [each for each in terms(self.node) if not _is_of_set(each)]
        found = _visible_to(self.scope.viewer)
        found += [self._run_condition(each) for each in terms_of_run]
        others = (each for each in self._terms_of(_OF_SETS) if _is_of_actor(each))
        known = self._actor_terms
        found += [self._set_condition(each) for each in others if each not in known]
        return [*found, _changes_current_runs()] if self.wanted.is_current else found

    @property
    def looks_at_runs(self) -> bool:
        """Whether each set must be compared with the runs that it changed."""
        of_runs = any(not _is_of_set(each) for each in terms(self.node))
        return of_runs or self.wanted.is_current

    def other_choices(self) -> Q:
        """The choices that no index holds by time."""
        wanted = self.wanted
        found = Q()
        if UNDO_KIND in wanted.kinds:
            kinds = [kind for kind in wanted.kinds if kind != UNDO_KIND]
            found &= Q(action__in=UNDO_ACTIONS) | Q(kind__in=kinds)
        if wanted.ways:
            found &= Q(way__in=wanted.ways)
        if not self.shows_undos:
            # Undos of older versions did not mark what they undid.
            found &= ~Q(action__in=UNDO_ACTIONS) | Q(way="")
        return found

    @property
    def has_choices(self) -> bool:
        wanted = self.wanted
        return bool(wanted.members or wanted.kinds or wanted.ways)

    @property
    def shows_undos(self) -> bool:
        """Whether undos have lines of their own, as what someone did must not hide."""
        wanted = self.wanted
        is_of_someone = bool(wanted.members) or wanted.token is not None
        return wanted.has_undos or is_of_someone or UNDO_KIND in wanted.kinds

    def _experiment_facet(self, name: str) -> Facet:
        rows = Experiment.objects.filter(workspace=self.scope.workspace, name=name)
        keys = list(rows.values_list("pk", flat=True))
        own = self._one_of("experiment", keys)
        # Only those of several experiments are looked up by their runs.
        in_it = _changes_runs(Run.objects.filter(experiment__in=keys))
        several = self._led(experiment__isnull=True, run_count__gt=1)
        condition = own.condition | (several & in_it)
        return Facet([*own.parts, several], condition, own.condition | in_it)

    def _terms_of(self, fields: frozenset[Any]) -> list[Node]:
        found = terms(self.node)
        return [each for each in found if fields_of(each) and fields_of(each) <= fields]

    @cached_property
    def _actor_terms(self) -> dict[Node, Sequence[int]]:
        """The terms that name members, with the keys of these."""
        found: dict[Node, Sequence[int]] = {}
        for each in self._terms_of(_OF_ACTOR):
            if isinstance(each, Comparison):
                keys = find_actors(each, self.scope, MAX_ACTORS)
                if keys is not None:
                    found[each] = keys
        return found

    def _actor_facet(self, term: Node) -> Facet:
        return self._one_of("actor", self._actor_terms[term])

    def everything(self) -> Facet:
        return Facet([self._led()], Q())

    def _led(self, **condition: Any) -> Q:
        """An index that begins with the workspace."""
        return Q(workspace=self.scope.workspace, **condition)

    def _in_workspace(self) -> Q:
        """The workspace, where another index leads."""
        key = Value(self.scope.workspace.pk)
        return Q(Exact(Unindexed(F("workspace_id")), key))

    def _one_of(
        self, column: str, values: Sequence[Any], *, is_choice: bool = False
    ) -> Facet:
        follows = Q(In(Unindexed(F(column)), list(values))) if values else NEVER
        parts = [self._led(**{column: value}) for value in values]
        if column in ("experiment", "token"):
            parts = [Q(**{column: each}) & self._in_workspace() for each in values]
        return Facet(parts, follows, is_choice=is_choice)

    def _run_condition(self, node: Node) -> Q:
        return _changes_runs(self._runs().filter(filter_condition(node, self.scope)))

    def _runs(self) -> RunQuerySet:
        return Run.objects.in_workspace(self.scope.workspace)

    def _set_condition(self, node: Node) -> Q:
        if isinstance(node, Not):
            return ~self._set_condition(node.node)
        if isinstance(node, (And, Or)):
            found = [self._set_condition(each) for each in node.nodes]
            result = found[0]
            for each in found[1:]:
                result = result & each if isinstance(node, And) else result | each
            return result
        assert isinstance(node, Comparison)
        is_of_actor = node.field == attribute("changed_by")
        condition = actor_condition if is_of_actor else moment_condition
        positive = NEGATED.get(node.op)
        if positive is None:
            return condition(node, self.scope)
        return ~condition(replace(node, op=positive), self.scope)


def activity_query(
    wanted: ActivityFilter, viewer: User, workspace: Workspace, *, now: int
) -> ActivityQuery:
    """Raises InvalidFilter for `q`, and InvalidValue."""
    wanted.check()
    node = parse(wanted.q) if wanted.q.strip() else None
    node = expand_views(node, viewer, workspace)
    scope = make_scope(viewer, workspace, now, fields_of(node))
    return ActivityQuery(wanted, node, scope)


def visible_sets(viewer: User, workspace: Workspace) -> QuerySet[ChangeSet]:
    return ChangeSet.objects.filter(*_visible_to(viewer), workspace=workspace)


def _visible_to(viewer: User) -> list[Q]:
    own = Q(is_personal=False) | Q(actor=viewer)
    return [own, Q(view__isnull=True) | Q(view__shared=True) | Q(view__owner=viewer)]


def _is_of_set(node: Node) -> bool:
    return bool(fields_of(node)) and fields_of(node) <= _OF_SETS


def _is_of_actor(node: Node) -> bool:
    return not fields_of(node) <= _OF_TIME


def _changes_runs(runs: Any) -> Q:
    # For each change its run: the other way would first find all runs that match.
    of_change = Exists(runs.filter(pk=OuterRef("run")))
    changes = Change.objects.filter(of_change, change_set=OuterRef("pk"))
    return Q(Exists(changes))


def _changes_current_runs() -> Q:
    changes = Change.objects.filter(change_set=OuterRef("pk"))
    current = changes.filter(
        run__deleted__isnull=True,
        run__archived__isnull=True,
        run__experiment__deleted__isnull=True,
    )
    return Q(run_count=0) | Q(Exists(current))
