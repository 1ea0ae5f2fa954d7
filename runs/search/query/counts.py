"""Counts over what a filter matches: the status strip.

Exact up to 10,000 matching runs; beyond, over the newest 10,000, and the result says
so.
"""

from __future__ import annotations

import time

from runs.models import Experiment, Run, User, Workspace
from runs.search.query import status_counts as tallies
from runs.search.query.run_query import Question, ask
from runs.search.sql.limits import time_limit
from studio.core.filters import tree
from studio.core.filters.edit import terms
from studio.core.filters.filter_text import FilterText
from studio.core.filters.tree import Comparison, Field, all_of
from studio.core.viewspec import ViewSpec


def count_statuses(
    spec: ViewSpec,
    viewer: User,
    workspace: Workspace,
    *,
    experiment: Experiment | None = None,
    parent: Run | None = None,
    now: int | None = None,
) -> tallies.StatusCounts:
    """How many matching runs have each status.

    Terms of the filter on the status itself do not count, so that the strip shows what
    else could be chosen.
    """
    spec = spec.changed(q=_without_status(spec))
    question = _question(spec, viewer, workspace, experiment, parent, now)
    with time_limit():
        return tallies.tally(question)


def names_status(spec: ViewSpec) -> bool:
    """Whether the strip counts other runs than the filter matches."""
    return any(_is_status(term) for term in terms(spec.filter()))


def _without_status(spec: ViewSpec) -> FilterText:
    kept = [term for term in terms(spec.filter()) if not _is_status(term)]
    return FilterText.of_tree(all_of(*kept) if kept else None)


def _is_status(term: object) -> bool:
    return isinstance(term, Comparison) and term.field == tree.attribute("status")


def _question(
    spec: ViewSpec,
    viewer: User,
    workspace: Workspace,
    experiment: Experiment | None,
    parent: Run | None,
    now: int | None,
    *fields: Field,
) -> Question:
    return ask(
        spec,
        viewer,
        workspace,
        now=time.time_ns() // 1_000_000 if now is None else now,
        experiment=experiment,
        parent=parent,
        fields=fields,
    )
