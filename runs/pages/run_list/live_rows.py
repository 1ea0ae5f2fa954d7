"""What a live list gets beside its page: the rows that its reader still has before him.

New runs shift the page, but not the rows under the reader's pointer. Those that have
left the page since are sent along, so that they too show what is true now.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from django.utils.translation import ngettext

from runs.pages.lists.list_state import ListState
from runs.pages.lists.run_cells import NONE_BEST, ROLLUP, Row, rows
from runs.pages.lists.run_links import Links
from runs.pages.requests.conditional import SHOWN
from runs.pages.requests.page_request import PageRequest
from runs.search.run_list.find_runs import RunPage
from runs.search.run_list.goals import goals_of
from runs.search.run_list.shown_runs import in_tree, shown_runs
from studio.core.viewspec import ROWS, Column

_DIGITS = 18


def kept_rows(
    request: PageRequest,
    state: ListState,
    page: RunPage,
    columns: Sequence[Column],
    links: Links,
) -> list[Row]:
    """The asked rows that the page has no more, drawn as the page draws its own."""
    asked_for = _asked(state) if request.htmx else set()
    missing = asked_for.difference(row.run.pk for row in page.rows)
    if not missing:
        return []
    spec, who = state.spec, (state.viewer, state.workspace)
    hidden = tuple(Column(each) for each in ROLLUP)
    asked = replace(spec, columns=(*columns, *hidden))
    kept = shown_runs(missing, asked, *who)
    if spec.is_tree:
        kept = in_tree(kept, page.rows, asked, *who)
    # Together, so that numbers have the decimals of the column that they stand in.
    together = replace(page, rows=(*page.rows, *kept))
    experiments = {row.run.experiment_id for row in together.rows}
    goals = goals_of(experiments, [column.field for column in columns])
    drawn = rows(together, columns, links, replace(NONE_BEST, goals=goals))
    return drawn[len(page.rows) :]


def _asked(state: ListState) -> set[int]:
    found = state.given.get(SHOWN, "").split(".")
    return {int(each) for each in found if each.isdecimal() and len(each) <= _DIGITS}


def news_words() -> dict[str, str]:
    """How a script says that there are new runs, in the plural forms of the language:
    the forms, and for each number from 1 on which of them it takes.
    """
    said = [
        ngettext("%(n)s new run", "%(n)s new runs", number) % {"n": "%s"}
        for number in range(1, max(ROWS) + 1)
    ]
    forms = list(dict.fromkeys(said))
    which = "".join(str(forms.index(each)) for each in said)
    return {"forms": json.dumps(forms, ensure_ascii=False), "which": which}
