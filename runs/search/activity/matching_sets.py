"""Which change sets of a workspace match, and which of them a member sees.

Stars and changes of private views are visible to their author only. A change of a view
is also hidden while its view is private.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Exists, OuterRef, Q
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
from runs.search.fields import actor_condition, moment_condition
from runs.search.query import filter_condition
from runs.search.sql import Scope, make_scope
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
_OF_SETS = frozenset({attribute("changed"), attribute("changed_by")})


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
class ActivityQuery:
    """A checked filter of one workspace for one viewer; reads nothing yet."""

    wanted: ActivityFilter
    node: Node | None
    scope: Scope

    def sets(self) -> Any:
        """The matching change sets, in no order."""
        return self.without_choices().filter(self.choices())

    def without_choices(self) -> Any:
        """The sets that match all but the members, kinds and ways."""
        found = _visible_sets(self.scope)
        wanted = self.wanted
        if wanted.token is not None:
            found = found.filter(token=wanted.token)
        if wanted.run:
            found = found.filter(_changes_runs(self._runs().filter(run_id=wanted.run)))
        if wanted.experiment:
            found = found.filter(self._in_experiment(wanted.experiment))
        for term in terms(self.node):
            found = found.filter(self._term_condition(term))
        return found.filter(_changes_current_runs()) if wanted.is_current else found

    def choices(self) -> Q:
        """The condition of the chosen members, kinds and ways."""
        wanted = self.wanted
        found = Q()
        if wanted.members:
            found &= Q(actor__username__in=wanted.members)
        if wanted.kinds:
            kinds = Q(kind__in=[kind for kind in wanted.kinds if kind != UNDO_KIND])
            undos = Q(action__in=UNDO_ACTIONS)
            found &= (kinds | undos) if UNDO_KIND in wanted.kinds else kinds
        if wanted.ways:
            found &= Q(way__in=wanted.ways)
        if not self.shows_undos:
            # Undos of older versions did not mark what they undid.
            found &= ~Q(action__in=UNDO_ACTIONS) | Q(way="")
        return found

    @property
    def shows_undos(self) -> bool:
        """Whether undos have lines of their own, as what someone did must not hide."""
        wanted = self.wanted
        is_of_someone = bool(wanted.members) or wanted.token is not None
        return wanted.has_undos or is_of_someone or UNDO_KIND in wanted.kinds

    def _in_experiment(self, name: str) -> Q:
        rows = Experiment.objects.filter(workspace=self.scope.workspace, name=name)
        keys = list(rows.values_list("pk", flat=True))
        runs = Run.objects.filter(experiment__in=keys)
        # Only those of several experiments are looked up by their runs.
        several = Q(experiment__isnull=True, run_count__gt=1) & _changes_runs(runs)
        return Q(experiment__in=keys) | several

    def _term_condition(self, node: Node) -> Q:
        if fields_of(node) and fields_of(node) <= _OF_SETS:
            return self._set_condition(node)
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
    scope = make_scope(viewer, workspace, now, fields_of(node))
    return ActivityQuery(wanted, node, scope)


def _visible_sets(scope: Scope) -> Any:
    viewer = scope.viewer
    own = Q(is_personal=False) | Q(actor=viewer)
    views = Q(view__isnull=True) | Q(view__shared=True) | Q(view__owner=viewer)
    return ChangeSet.objects.filter(own, views, workspace=scope.workspace)


def _changes_runs(runs: Any) -> Q:
    changes = Change.objects.filter(change_set=OuterRef("pk"))
    return Q(Exists(changes.filter(run__in=runs.values("pk"))))


def _changes_current_runs() -> Q:
    changes = Change.objects.filter(change_set=OuterRef("pk"))
    current = changes.filter(
        run__deleted__isnull=True,
        run__archived__isnull=True,
        run__experiment__deleted__isnull=True,
    )
    return Q(run_count=0) | Q(Exists(current))
