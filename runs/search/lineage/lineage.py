"""The lineage of datasets, runs, models or versions.

The graph has what the start came from, and what came from it, step by step. A step
costs a fixed number of queries for each kind of node.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from runs.models import Dataset, LoggedModel, ModelVersion, Run, Workspace
from runs.search.lineage.links import (
    DOWNSTREAM,
    MAX_COUNTED,
    UPSTREAM,
    LineageKind,
    LinkFinder,
    LinkQuery,
    NodeKey,
    active_models,
    not_in_trash,
)

MAX_NODES = 200
#: One step adds this many nodes of a kind.
MAX_PER_STEP = 40
MAX_STEPS = 8

#: One query reads this many links.
MAX_LINKS = 500

KINDS = (
    LineageKind.DATASET,
    LineageKind.RUN,
    LineageKind.MODEL,
    LineageKind.VERSION,
)
LineageRow = Dataset | Run | LoggedModel | ModelVersion
LinkFinders = Mapping[LineageKind, Sequence[LinkFinder]]


@dataclass(frozen=True)
class LineageNode:
    """`subject` is the row. The start has column 0, what it came from has less."""

    key: NodeKey
    column: int
    subject: LineageRow

    @property
    def kind(self) -> LineageKind:
        return self.key[0]

    @property
    def is_start(self) -> bool:
        return self.column == 0


@dataclass(frozen=True)
class LineageEdge:
    """`label` is what a run used a dataset for, as the client named it."""

    source: NodeKey
    target: NodeKey
    label: str = ""


@dataclass(frozen=True)
class LeftOut:
    """How many nodes of a kind the graph leaves out in a column."""

    column: int
    kind: LineageKind
    count: int

    @property
    def is_more(self) -> bool:
        """Whether there are more than `count`."""
        return self.count >= MAX_COUNTED


@dataclass(frozen=True)
class Lineage:
    nodes: tuple[LineageNode, ...] = ()
    edges: tuple[LineageEdge, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


@dataclass
class _Graph:
    """The graph while it grows: the column of each node."""

    workspace: Workspace
    rows: dict[NodeKey, LineageRow] = field(default_factory=dict)
    columns: dict[NodeKey, int] = field(default_factory=dict)
    edges: dict[tuple[NodeKey, NodeKey], str] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)

    def add_start(self, kind: LineageKind, keys: Iterable[int]) -> None:
        chosen = list(dict.fromkeys(keys))
        shown = chosen[: MAX_NODES - len(self.columns)]
        self._read_rows(kind, shown)
        known = [(kind, key) for key in shown if (kind, key) in self.rows]
        self.columns.update(dict.fromkeys(known, 0))
        self._note_left_out(0, kind, len(chosen) - len(shown))

    def _note_left_out(self, column: int, kind: LineageKind, count: int) -> None:
        if count > 0:
            self.left_out.append(LeftOut(column, kind, min(count, MAX_COUNTED)))

    def grow(self, finders: LinkFinders, direction: int) -> None:
        """Add what follows from the start in one direction, which is 1 or -1."""
        frontier = [key for key, column in self.columns.items() if not column]
        for step in range(1, MAX_STEPS + 2):
            # One step more adds no nodes: it counts what the graph leaves out.
            limit = MAX_PER_STEP if step <= MAX_STEPS else 0
            known = len(self.columns)
            for kind in KINDS:
                queries = self._link_queries(frontier, finders, kind)
                self._add_neighbors(queries, kind, step * direction, limit)
            frontier = list(self.columns)[known:]

    def _link_queries(
        self, frontier: Sequence[NodeKey], finders: LinkFinders, far_kind: LineageKind
    ) -> list[tuple[LineageKind, LinkQuery]]:
        """Return the queries for neighbors of one kind, each with the near kind."""
        queries = []
        for kind in KINDS:
            keys = [key for each, key in frontier if each is kind]
            if keys:
                found = (find(self.workspace, keys) for find in finders[kind])
                queries += [(kind, query) for query in found]
        return [pair for pair in queries if pair[1].far_kind is far_kind]

    def _add_neighbors(
        self,
        queries: Sequence[tuple[LineageKind, LinkQuery]],
        far_kind: LineageKind,
        column: int,
        limit: int,
    ) -> None:
        missing, is_upstream = 0, column < 0
        full = len(self.columns) + min(limit, MAX_NODES - len(self.columns))
        for near_kind, query in queries:
            links = query.newest(MAX_LINKS + 1)
            for link in links[:MAX_LINKS]:
                near, far = (near_kind, link.near), (far_kind, link.far)
                if far in self.columns or len(self.columns) < full:
                    self.columns.setdefault(far, column)
                    ends = (far, near) if is_upstream else (near, far)
                    self.edges[ends] = self.edges.get(ends) or link.label
            shown = {link.far for link in links if (far_kind, link.far) in self.columns}
            if len(links) > MAX_LINKS or shown != {link.far for link in links}:
                missing = max(missing, query.count() - len(shown))
        self._note_left_out(column, far_kind, missing)

    def finish(self) -> Lineage:
        for kind in KINDS:
            keys = {
                key
                for each, key in self.columns.keys() - self.rows.keys()
                if each is kind
            }
            self._read_rows(kind, sorted(keys))
        rows = self.rows
        return Lineage(
            tuple(
                LineageNode(key, column, rows[key])
                for key, column in self.columns.items()
                if key in rows
            ),
            tuple(
                LineageEdge(*ends, label)
                for ends, label in self.edges.items()
                if ends[0] in rows and ends[1] in rows
            ),
            tuple(self.left_out),
        )

    def _read_rows(self, kind: LineageKind, keys: Sequence[int]) -> None:
        found = self._rows(kind, keys) if keys else ()
        self.rows.update({(kind, row.pk): row for row in found})

    def _rows(self, kind: LineageKind, keys: Sequence[int]) -> Iterable[LineageRow]:
        if kind is LineageKind.DATASET:
            return Dataset.objects.filter(
                experiment__workspace=self.workspace, pk__in=keys
            ).defer("source", "schema", "profile")
        if kind is LineageKind.RUN:
            runs = Run.objects.in_workspace(self.workspace).filter(not_in_trash())
            return runs.filter(pk__in=keys).only("run_id", "name", "status")
        if kind is LineageKind.MODEL:
            return active_models(self.workspace).filter(pk__in=keys)
        versions = ModelVersion.objects.filter(model__workspace=self.workspace)
        return versions.filter(pk__in=keys).select_related("model")


def lineage_of(
    workspace: Workspace,
    *,
    datasets: Iterable[int] = (),
    runs: Iterable[int] = (),
    models: Iterable[int] = (),
    versions: Iterable[int] = (),
) -> Lineage:
    """Return the lineage of rows of the workspace, given by their primary keys.

    Nodes are in the order in which they are found, the start first.
    """
    graph = _Graph(workspace)
    starts = (datasets, runs, models, versions)
    for kind, keys in zip(KINDS, starts, strict=True):
        graph.add_start(kind, keys)
    graph.grow(UPSTREAM, -1)
    graph.grow(DOWNSTREAM, 1)
    return graph.finish()
