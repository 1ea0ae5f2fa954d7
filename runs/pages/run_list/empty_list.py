"""The empty state of a list: which filters exclude runs, or how to log a first run."""

from __future__ import annotations

import json
import shlex
from typing import Any

from runs.pages.lists import ListLinks, ListState
from runs.render import formats
from runs.render.filters import pill_texts
from runs.search.query import find_excluding_terms
from studio.core.filters import to_text
from studio.core.filters.fields import RUN_FIELDS
from studio.core.filters.tree import Comparison, Text


def empty_list_context(state: ListState, links: ListLinks) -> dict[str, Any]:
    spec, experiment = state.spec, state.experiment
    own_filter = state.scope.unscoped(spec.q)
    narrowed = bool(own_filter or spec.mine or spec.archived or spec.only)
    suggestions = []
    if own_filter:
        who, now = (state.viewer, state.workspace), state.now
        found = find_excluding_terms(spec, *who, experiment=experiment, now=now)
        scope = state.scope.q.node
        for each in [each for each in found if each.term != scope][:3]:
            label, text = pill_texts(each.term)
            count = formats.grouped(each.runs) + ("" if each.exact else "+")
            rest = links.filter_source.text_without_term(each.term)
            suggestions.append(
                (label, text, each.runs, count, links.query_with(q=rest))
            )
    # The snippet works without changes, so it needs a name even in All runs.
    name = experiment.name if experiment else "first-steps"
    return {
        "narrowed": narrowed,
        "suggestions": suggestions,
        "patterns": _pattern_links(links),
        "with_children": "" if spec.children else links.query_with(children=True),
        "with_archived": "" if spec.archived else links.query_with(archived=True),
        "of_all": links.query_with(mine=False) if spec.mine else "",
        # A later page that has become empty links to the first page.
        "first_page": links.query_with() if spec.after or spec.before else "",
        "snippet_name": json.dumps(name, ensure_ascii=False),
        "snippet_experiment": shlex.quote(name),
    }


def _pattern_links(links: ListLinks) -> list[tuple[str, str]]:
    """The filters that mean by `*` what shells do, each with its address."""
    found = []
    source = links.filter_source
    for number, node in enumerate(source.nodes):
        if not isinstance(node, Comparison) or node.op != "=":
            continue
        value = node.values[0]
        if not isinstance(value, Text) or "*" not in value.text:
            continue
        if "like" in RUN_FIELDS.operators_of(node.field):
            pattern = Text(value.text.replace("*", "%"))
            better = Comparison(node.field, "like", (pattern,))
            text = source.text_with_replaced_term(number, better)
            found.append((to_text(better), links.query_with(q=text)))
    return found
