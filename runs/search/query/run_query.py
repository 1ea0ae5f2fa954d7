"""A ViewSpec -> the set of runs that it means, before order and paging."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import F, Q, QuerySet
from django.db.models.lookups import Exact

from runs.models import Experiment, Run, RunQuerySet, User, Workspace
from runs.search.fields import source_of
from runs.search.query.compile import condition
from runs.search.query.merge_alternatives import together
from runs.search.query.query_plan import Lead, Way, way_to
from runs.search.query.selection import keys_of
from runs.search.sql.access_paths import Side
from runs.search.sql.expressions import Plain
from runs.search.sql.scope import Scope, make_scope
from studio.core.filters import tree
from studio.core.filters.edit import terms
from studio.core.filters.tree import (
    Field,
    Node,
    all_of,
    fields_of,
)
from studio.core.viewspec import ViewSpec

#: Keys of runs, or a query for them.
Among = Sequence[int] | QuerySet[Run, Any]


@dataclass(frozen=True)
class Question:
    """Who asks what: a spec with its filter read, where it is asked, and its scope."""

    spec: ViewSpec
    node: Node | None
    scope: Scope
    experiment: Experiment | None = None
    parent: Run | None = None
    #: Where all that could match are known already.
    few: tuple[int, ...] | None = None
    #: The keys of the only runs that are meant, where the caller knows them.
    within: Among | None = None
    #: The keys of the selected runs, where only they are shown: whatever the switches
    #: say of child runs and archived ones.
    selected: tuple[int, ...] | None = None

    @cached_property
    def way(self) -> Way:
        """How its runs are best come by; asks the database."""
        if self.few is not None:
            return Way(few=self.few)
        return way_to(self.node, self.scope, *self._sides())

    @property
    def sorts_by_best(self) -> bool:
        """Whether what lacks the value sorts by the best one below it."""
        return False

    @property
    def is_narrowed(self) -> bool:
        """Whether more than the filter, an experiment and what is shown narrows it."""
        known = self.parent is not None or self.within is not None
        return self.spec.mine or self.spec.only or known

    def runs(self, lead: Lead | None = None) -> RunQuerySet:
        """The runs that match, in no order.

        The lead is joined first, so that orders and cursors may name its columns. Runs
        that are looked up by their keys have no other index to choose.
        """
        runs = Run.objects.all()
        is_led, node = True, self.node
        if lead is not None:
            runs, node = runs.filter(lead.condition), _without(node, lead.terms)
        elif self.way.few is not None:
            runs = runs.filter(pk__in=self.way.few)
        else:
            is_led = False
        runs = runs.of_member(self.scope.workspace, self.scope.viewer)
        is_own = lead is not None and lead.is_own
        for name, value in self._places().items():
            is_chosen = is_own and name == "workspace_id"
            column = Plain(F(name)) if is_led and not is_chosen else F(name)
            runs = runs.filter(Q(Exact(column, value)))
        runs = self._switched(runs)
        return runs if node is None else runs.filter(condition(node, self.scope))

    def among(self, runs: RunQuerySet, said: Sequence[Node] = ()) -> RunQuerySet:
        """Those of the given runs, looked up by their keys, that match.

        Of `said` it is known already.
        """
        runs = runs.of_member(self.scope.workspace, self.scope.viewer)
        for name, value in self._places().items():
            runs = runs.filter(Q(Exact(Plain(F(name)), value)))
        runs = self._switched(runs)
        node = _without(self.node, said)
        return runs if node is None else runs.filter(condition(node, self.scope))

    def _places(self) -> dict[str, int]:
        places = {"workspace_id": self.scope.workspace.pk}
        if self.experiment is not None:
            places["experiment_id"] = self.experiment.pk
        if self.parent is not None:
            places["parent_id"] = self.parent.pk
        if self.spec.mine:
            places["submitter_id"] = self.scope.viewer.pk
        return places

    def _sides(self) -> list[Side]:
        """What narrows it beside the filter."""
        sides = []
        if self.within is not None:
            sides.append(Side(Run.objects.filter(pk__in=self.within), "pk"))
        if self.parent is not None:
            sides.append(Side(Run.objects.filter(parent=self.parent), "pk"))
        if self.experiment is not None and (self.node is not None or self._is_sorted()):
            own = Q(experiment=self.experiment)
            sides.append(Side(Run.objects.filter(own), "pk", join=own, ordered=True))
        return sides

    def _is_sorted(self) -> bool:
        return self.spec.sort.field != tree.attribute("created")

    def _switched(self, runs: RunQuerySet) -> RunQuerySet:
        """What the switches hide, unless the filter speaks of it."""
        named = fields_of(self.node)
        if tree.attribute("deleted") not in named:
            runs = runs.not_deleted()
        shows_archived = self.spec.archived or self.selected is not None
        if not shows_archived and tree.attribute("archived") not in named:
            runs = runs.filter(archived__isnull=True)
        if not self.has_children:
            runs = runs.filter(parent__isnull=True)
        if self.selected is not None:
            runs = runs.filter(pk__in=self.selected)
        if self.within is not None:
            runs = runs.filter(pk__in=self.within)
        return runs

    @property
    def has_children(self) -> bool:
        """Whether runs with a parent match as well as others."""
        given = (
            self.parent is not None
            or self.within is not None
            or self.selected is not None
        )
        in_tree = self.spec.children or given
        return in_tree or any(
            source_of(field).finds_children for field in fields_of(self.node)
        )


def _without(node: Node | None, said: Sequence[Node]) -> Node | None:
    """The filter without what a lead says already."""
    kept = [term for term in terms(node) if all(term is not each for each in said)]
    return all_of(*kept) if kept else None


def ask(
    spec: ViewSpec,
    viewer: User,
    workspace: Workspace,
    *,
    now: int,
    experiment: Experiment | None = None,
    parent: Run | None = None,
    within: Among | None = None,
    fields: Iterable[Field] = (),
) -> Question:
    """The question of a spec; `fields` are named beside its filter. InvalidFilter."""
    asked = spec.filter()
    node = None if asked is None else together(asked)
    scope = make_scope(viewer, workspace, now, {*fields_of(node), *fields})
    selected = tuple(filter(None, keys_of(spec, workspace))) if spec.only else None
    return Question(spec, node, scope, experiment, parent, selected, within, selected)
