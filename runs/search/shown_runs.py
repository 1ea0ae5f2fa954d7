"""The runs that a reader has before him, whatever the list's question is by now."""

from __future__ import annotations

from collections.abc import Collection

from runs.models import Run, User, Workspace
from runs.search.find_runs import RunRow, find_runs
from studio.core.filters import to_text
from studio.core.filters.tree import Comparison, Text, attribute
from studio.core.viewspec import ROWS, ViewSpec

#: Rows of one page and of the trees that are open in it.
MOST = 300


def shown_runs(
    keys: Collection[int], spec: ViewSpec, viewer: User, workspace: Workspace
) -> list[RunRow]:
    """The rows of these runs with the spec's columns, but for those in the trash."""
    mine = Run.objects.visible_to(viewer).in_workspace(workspace)
    some = sorted(keys)[:MOST]
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
