"""A ViewSpec -> the set of runs that it means, before order and paging."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from runs.models import Experiment, Run, User, Workspace
from runs.models.runs import RunQuerySet
from runs.search.compile import condition
from runs.search.scope import Scope, make_scope
from studio.core.errors import InvalidValue
from studio.core.filters import tree
from studio.core.filters.tree import Field, Node, fields_of
from studio.core.viewspec import ViewSpec

_RELATIVES = {tree.attribute("parent"), tree.attribute("root")}


@dataclass(frozen=True)
class Question:
    """Who asks what: a spec with its filter read, where it is asked, and its scope."""

    spec: ViewSpec
    node: Node | None
    scope: Scope
    experiment: Experiment | None = None
    parent: Run | None = None

    def runs(self) -> RunQuerySet:
        """The runs that match, in no order."""
        runs = Run.objects.visible_to(self.scope.viewer)
        runs = runs.in_workspace(self.scope.workspace)
        if self.experiment is not None:
            runs = runs.filter(experiment=self.experiment)
        if self.parent is not None:
            runs = runs.filter(parent=self.parent)
        runs = self._switched(runs)
        return (
            runs if self.node is None else runs.filter(condition(self.node, self.scope))
        )

    def _switched(self, runs: RunQuerySet) -> RunQuerySet:
        """What the switches hide, unless the filter speaks of it."""
        named = fields_of(self.node)
        if tree.attribute("deleted") not in named:
            runs = runs.not_deleted()
        if not self.spec.archived and tree.attribute("archived") not in named:
            runs = runs.filter(archived__isnull=True)
        in_tree = self.spec.children or self.parent is not None or named & _RELATIVES
        if not in_tree:
            runs = runs.filter(parent__isnull=True)
        if self.spec.mine:
            runs = runs.filter(submitter=self.scope.viewer)
        if self.spec.only:
            runs = runs.filter(run_id__in=self._selected())
        return runs

    def _selected(self) -> tuple[str, ...]:
        kept = [each for each in self.spec.selected if each.startswith("s.")]
        if kept:
            raise InvalidValue(
                f"selected: {kept[0]} is no selection that is known here",
                field="selected",
            )
        return self.spec.selected


def ask(
    spec: ViewSpec,
    viewer: User,
    workspace: Workspace,
    *,
    now: int,
    experiment: Experiment | None = None,
    parent: Run | None = None,
    fields: Iterable[Field] = (),
) -> Question:
    """The question of a spec; `fields` are named beside its filter. InvalidFilter."""
    node = spec.filter()
    scope = make_scope(viewer, workspace, now, {*fields_of(node), *fields})
    return Question(spec, node, scope, experiment, parent)
