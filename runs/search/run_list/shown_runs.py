"""The runs that a reader has before him, whatever the list's question is by now."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from runs.models import Run, User, Workspace, now_ms
from runs.search.query import build_query
from runs.search.run_list.run_page import RunRow, TreePlace, find_runs
from runs.search.run_list.tree_runs import best_values_below
from studio.core.filters import to_text
from studio.core.filters.tree import Comparison, Text, attribute
from studio.core.view_spec import ROWS, ViewSpec

#: Rows of one page and of the trees that are open in it.
MAX_SHOWN_RUNS = 300


def find_shown_runs(
    keys: Collection[int], spec: ViewSpec, viewer: User, workspace: Workspace
) -> list[RunRow]:
    """The rows of these runs with the spec's columns, but for those in the trash."""
    mine = Run.objects.visible_to(viewer).in_workspace(workspace)
    some = sorted(keys)[:MAX_SHOWN_RUNS]
    ids = list(mine.filter(pk__in=some).values_list("run_id", flat=True))
    most = max(ROWS)
    found: list[RunRow] = []
    for start in range(0, len(ids), most):
        named = tuple(Text(run_id) for run_id in ids[start : start + most])
        asked = ViewSpec(
            q=to_text(Comparison(attribute("id"), "in", named)),
            columns=spec.columns,
            children=True,
            archived=True,
            rows=most,
        )
        found += find_runs(asked, viewer, workspace).rows
    return found


def place_in_tree(
    kept: Sequence[RunRow],
    others: Sequence[RunRow],
    spec: ViewSpec,
    viewer: User,
    workspace: Workspace,
) -> list[RunRow]:
    """The rows where they hung: below those that the reader still has before him."""
    parents = {row.run.pk: row.run.parent_id for row in (*kept, *others)}
    asked = [column.field for column in spec.columns]
    now = now_ms()
    # These rows are shown whether or not they still match the filter.
    named = replace(spec, q="")
    run_query = build_query(named, viewer, workspace, now=now, fields=asked)
    best = best_values_below([row.run for row in kept], asked, run_query)
    opened = {each.run_id for each in spec.tree if not each.is_closed}
    above = set(parents.values())
    return [
        replace(
            row,
            place=TreePlace(
                _tree_depth(row.run, parents),
                matches=True,
                is_open=row.run.run_id in opened or row.run.pk in above,
                best=best.get(row.run.pk, {}),
            ),
        )
        for row in kept
    ]


def _tree_depth(run: Run, parents: Mapping[int, int | None]) -> int:
    """A parent that was deleted since then counts as a root."""
    depth, above = 0, run.parent_id
    while above is not None:
        depth, above = depth + 1, parents.get(above)
    return depth
