"""Why no run matches: how many would, were it not for one term of the filter."""

from __future__ import annotations

import time
from dataclasses import dataclass

from runs.models import Experiment, User, Workspace
from runs.search.query.run_query import ask
from runs.search.query.status_counts import tally
from runs.search.sql.limits import time_limit
from studio.core.errors import QueryTimeout
from studio.core.filters import Node
from studio.core.filters.edit import terms, without_term
from studio.core.filters.filter_text import FilterText
from studio.core.viewspec import ViewSpec

#: An explanation is worth less than an answer: few terms are tried, and not for long.
MOST_TERMS = 6
SECONDS = 0.3


@dataclass(frozen=True)
class Exclusion:
    """A term, and how many runs match without it."""

    term: Node
    runs: int
    exact: bool


def exclusions(
    spec: ViewSpec,
    viewer: User,
    workspace: Workspace,
    *,
    experiment: Experiment | None = None,
    now: int | None = None,
) -> list[Exclusion]:
    """Those terms alone without which runs match; the one that excludes most first."""
    node = spec.filter()
    tried = terms(node)
    if len(tried) > MOST_TERMS:
        return []
    found: list[Exclusion] = []
    try:
        with time_limit(SECONDS):
            for term in tried:
                other = spec.changed(q=FilterText.of_tree(without_term(node, term)))
                question = ask(
                    other,
                    viewer,
                    workspace,
                    now=time.time_ns() // 1_000_000 if now is None else now,
                    experiment=experiment,
                )
                counts = tally(question)
                found.append(Exclusion(term, counts.total, counts.exact))
    except QueryTimeout:
        # What was found until then is of use all the same.
        pass
    return sorted((e for e in found if e.runs), key=lambda each: -each.runs)
