"""What a live list gets beside its page: the rows that its reader still has before him.

New runs shift the page, but not the rows under the reader's pointer. Those that have
left the page since are sent along, so that they too show what is true now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from runs.pages.conditional import SHOWN
from runs.pages.members_only import PageRequest
from runs.pages.run_cells import ROLLUP, Row, rows
from runs.pages.run_links import Links
from runs.search.find_runs import RunPage
from runs.search.shown_runs import shown_runs
from studio.core.viewspec import Column, ViewSpec

_DIGITS = 18


def kept_rows(
    request: PageRequest,
    spec: ViewSpec,
    page: RunPage,
    columns: Sequence[Column],
    links: Links,
) -> list[Row]:
    """The asked rows that the page has no more, drawn as the page draws its own."""
    missing = _asked(request).difference(row.run.pk for row in page.rows)
    if not missing:
        return []
    hidden = tuple(Column(each) for each in ROLLUP)
    asked = replace(spec, columns=(*columns, *hidden))
    kept = shown_runs(missing, asked, request.actor.user, request.workspace)
    # Together, so that numbers have the decimals of the column that they stand in.
    drawn = rows(replace(page, rows=(*page.rows, *kept)), columns, links)
    return drawn[len(page.rows) :]


def _asked(request: PageRequest) -> set[int]:
    if not request.htmx:
        return set()
    found = request.GET.get(SHOWN, "").split(".")
    return {int(each) for each in found if each.isdecimal() and len(each) <= _DIGITS}
