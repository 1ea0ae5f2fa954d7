"""The table of a run list: its columns, rows, counts, totals, and polling."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import get_language, ngettext, npgettext
from django.utils.translation import gettext as _

from runs.pages.lists.list_links import (
    ListLinks,
    column_heads,
    status_strip,
    status_strip_css,
)
from runs.pages.lists.list_state import ListState, children_term
from runs.pages.lists.run_cells import (
    NO_BEST,
    ROLLUP_FIELDS,
    BestValues,
    build_rows,
)
from runs.pages.lists.tree_rows import tree_totals
from runs.pages.requests import SHOWN_ROWS_PARAMETER, PageRequest
from runs.render import formats
from runs.render.filters import field_label, pill_texts
from runs.render.run_list import ListRow
from runs.search.query import (
    StatusCounts,
    count_statuses,
    filters_by_status,
    finds_only_failed_runs,
)
from runs.search.run_list import (
    MAX_COMMON_METRICS,
    RunPage,
    RunRow,
    best_values,
    common_metrics,
    find_goals,
    find_runs,
    find_shown_runs,
    find_tree,
    place_in_tree,
)
from studio.core.filters import Field
from studio.core.filters.tree import attribute, fields_of
from studio.core.view_spec import DEFAULT_COLUMNS, ROWS, Column, ViewSpec

NAME, TAGS, STATUS = attribute("name"), attribute("tags"), attribute("status")


def varying_columns(
    columns: Sequence[Column], rows: Sequence[RunRow]
) -> tuple[Column, ...]:
    """Return the name, and the columns with different values; all for one row."""
    # One row differs from nothing, and would keep only its name.
    if len(rows) < 2:
        return tuple(columns)
    return tuple(
        c for c in columns if c.field == NAME or _has_different_values(c.field, rows)
    )


def _has_different_values(field: Field, rows: Sequence[RunRow]) -> bool:
    first = _comparable_value(field, rows[0])
    return any(_comparable_value(field, row) != first for row in rows)


def empty_columns(
    columns: Sequence[Column], page: RunPage, spec: ViewSpec
) -> tuple[Column, ...]:
    """Return the default columns that no row of the page has a value of.

    A chosen column stays, and so do tags, which are added in the column, and the one
    that the list is sorted by.
    """
    if spec.has_columns or not page.rows:
        return ()
    return tuple(
        column
        for column in columns
        if column.field not in (NAME, STATUS, TAGS, spec.sort.field)
        and not any(_has_value(column.field, row) for row in page.rows)
    )


def _has_value(field: Field, row: RunRow) -> bool:
    # A parent shows the values of its child runs.
    if row.place is not None and field in row.place.best:
        return True
    return row.values.get(field) not in (None, "")


def _comparable_value(field: Field, row: RunRow) -> object:
    if field == TAGS:
        return row.tags
    if field == STATUS:
        return row.run.status
    # By text, because NaN is not equal to itself.
    return repr(row.values.get(field))


@dataclass(frozen=True)
class FilterPill:
    """A term of the filter: `edit` opens its editor, `without` removes it."""

    label: str
    text: str
    edit: str
    without: str


def filter_pills(links: ListLinks) -> list[FilterPill]:
    source = links.filter_source
    return [
        FilterPill(
            *pill_texts(node),
            links.part_address("filter", term=str(number)),
            links.query_with(q=source.text_without_terms(number)),
        )
        for number, node in enumerate(source.nodes)
        if not (links.parent and node == children_term(links.parent))
    ]


#: Seconds between polls: with unfinished runs on the page, and without.
ACTIVE_POLL_SECONDS, IDLE_POLL_SECONDS = 5, 20
#: After this many seconds without user activity, a list without unfinished runs stops
#: polling. Until then it continues, because new runs can start at any time.
MAX_IDLE_SECONDS = 300


def list_columns(state: ListState) -> tuple[Column, ...]:
    """Return the chosen columns, else the default ones."""
    if state.spec.has_columns:
        return with_name_column(state.spec.columns)
    return default_columns(state)


def default_columns(state: ListState) -> tuple[Column, ...]:
    experiment, parent = state.experiment, state.scope.parent
    first, *others = DEFAULT_COLUMNS
    # What they reached is worth more than who started them.
    others.remove(submitter := Column(attribute("submitter")))
    if finds_only_failed_runs(state.spec):
        others.insert(2, Column(attribute("error")))
    metrics = common_metrics(state.viewer, state.workspace, experiment, parent=parent)
    if experiment is not None:
        return (first, *others, *(Column(each) for each in metrics), submitter)
    # The column of the experiment replaces one metric.
    shown = [Column(each) for each in metrics[: MAX_COMMON_METRICS - 1]]
    return (first, Column(attribute("experiment")), *others, *shown, submitter)


def with_name_column(columns: tuple[Column, ...]) -> tuple[Column, ...]:
    """Return the columns with the display name, which opens a run."""
    if any(column.field == attribute("name") for column in columns):
        return columns
    return (Column(attribute("name")), *columns)


def find_run_page(
    state: ListState, columns: tuple[Column, ...]
) -> tuple[RunPage, StatusCounts]:
    # Hidden columns give the counts of child runs in the same query as the rows.
    spec, hidden = state.spec, tuple(Column(each) for each in ROLLUP_FIELDS)
    spec_with_rollup = replace(spec, columns=columns + hidden)
    who, experiment = (state.viewer, state.workspace), state.experiment
    find = find_tree if spec.is_tree else find_runs
    page: RunPage = find(spec_with_rollup, *who, experiment=experiment, now=state.now)
    # The strip counts without the filter by status: it offers the other statuses.
    if not filters_by_status(spec):
        return page, page.counts
    return page, count_statuses(spec, *who, experiment=experiment, now=state.now)


def run_table_context(
    page: RunPage,
    columns: tuple[Column, ...],
    links: ListLinks,
    counts: StatusCounts,
) -> dict[str, Any]:
    active = any(row.run.state.is_active for row in page.rows)
    empty = empty_columns(columns, page, links.spec)
    shown = shown_columns(columns, page, links.spec)
    entries = status_strip(counts.counts, links)
    hidden = [each for each in columns if each not in (*shown, *empty)]
    return {
        "rows": build_rows(page, shown, links, _best_values(page, shown, links.spec)),
        "heads": column_heads(links.spec, shown, links, links.part_address("head")),
        "columns": json.dumps([str(column) for column in columns], ensure_ascii=False),
        "columns_href": links.part_address("columns"),
        "group_href": links.part_address("group"),
        "here_links": _same_page_links(links),
        "exports": _export_links(links),
        "new_alert_href": links.new_alert_address,
        "sorted_by": field_label(links.spec.sort.field),
        "constant_columns": [field_label(each.field) for each in hidden],
        "empty_columns": [field_label(each.field) for each in empty],
        "show_empty": links.query_with(columns=columns) if empty else "",
        "pills": filter_pills(links),
        "add_filter": links.part_address("filter"),
        "strip": entries,
        "strip_size": status_strip_css(entries),
        "counts_are_exact": counts.exact,
        **_total_texts(page, links.spec),
        "previous": links.query_with(before=page.before) if page.before else "",
        "next": links.query_with(after=page.after) if page.after else "",
        "pace": ACTIVE_POLL_SECONDS if active else IDLE_POLL_SECONDS,
        "rest": "" if active else MAX_IDLE_SECONDS,
    }


def _export_links(links: ListLinks) -> dict[str, str]:
    """Return the addresses that export all rows, by file format."""
    query = links.query_with().rstrip("?")
    begin = f"{query}&" if query else "?"
    found = {form: f"{begin}format={form}" for form in ("csv", "json", "parquet")}
    return found | {"histories": links.history_export_address}


def _same_page_links(links: ListLinks) -> dict[str, str]:
    """Return links to the same page of rows: refreshed, or with another option."""
    spec = links.spec
    place = {"after": spec.after, "before": spec.before}
    return {
        "again": links.query_with(**place),
        "facets": links.query_with(facets=not spec.facets, **place),
        "differs": links.query_with(differs=not spec.differs, **place),
        "flat": links.query_with(flat=not spec.flat),
    }


def _best_values(
    page: RunPage, columns: Sequence[Column], spec: ViewSpec
) -> BestValues:
    """Find the best values of the page, and whether they are the best of all runs."""
    experiments = {row.run.experiment_id for row in page.rows}
    goals = find_goals(experiments, [column.field for column in columns])
    found = best_values(page.rows, goals)
    # A value is the best of all for sure only if no run is on another page.
    if page.total_is_exact and page.total == len(page.rows):
        return BestValues(found, _("best overall"), goals)
    sort, is_later = spec.sort, bool(spec.after or spec.before)
    # Roots of a tree sort by values of descendants, so the first row need not be the
    # best.
    best_first = goals.get(sort.field) is sort.descending and not spec.is_tree
    if not best_first:
        return BestValues(found, _("best on this page"), goals)
    if is_later:
        # The best value is on the first page.
        found.pop(sort.field, None)
    words = {sort.field: _("best overall")}
    return BestValues(found, _("best on this page"), goals, words)


def shown_columns(
    columns: tuple[Column, ...], page: RunPage, spec: ViewSpec
) -> tuple[Column, ...]:
    """Return the columns to show: without empty ones, or those with differences."""
    empty = empty_columns(columns, page, spec)
    shown = tuple(each for each in columns if each not in empty)
    return varying_columns(shown, page.rows) if spec.differs else shown


def _total_texts(page: RunPage, spec: ViewSpec) -> dict[str, str]:
    total = formats.grouped(page.total) + ("" if page.total_is_exact else "+")
    if spec.is_tree:
        return {"total": total, **tree_totals(page, _shown_range_text(page))}
    # Without child runs the list has only roots, and the count must say so.
    if spec.children or attribute("parent") in fields_of(spec.filter()):
        noun = npgettext("after a number", "run", "runs", page.total)
    else:
        noun = npgettext("after a number", "root run", "root runs", page.total)
    return {
        "total": total,
        "total_noun": noun,
        "range": _("%(shown)s of %(total)s %(noun)s")
        % {
            "shown": _shown_range_text(page),
            "total": total,
            "noun": noun,
        },
    }


def _shown_range_text(page: RunPage) -> str:
    """Return `26–50`; only the number of rows if their position is unknown."""
    count = sum(row.place is None or not row.place.depth for row in page.rows)
    if not count or not page.first:
        return formats.grouped(count)
    last = page.first + count - 1
    return f"{formats.grouped(page.first)}–{formats.grouped(last)}"


# Keys with more digits can exceed 64 bits, which the database refuses.
MAX_KEY_DIGITS = 18


def rows_still_shown(
    request: PageRequest,
    state: ListState,
    page: RunPage,
    columns: Sequence[Column],
    links: ListLinks,
) -> list[ListRow]:
    """Build the rows that the browser still shows but the page no longer has."""
    # The script updates rows in place and moves none, so it also needs those that no
    # longer match.
    shown_keys = _read_shown_keys(state) if request.htmx else set()
    missing = shown_keys.difference(row.run.pk for row in page.rows)
    if not missing:
        return []
    spec, who = state.spec, (state.viewer, state.workspace)
    hidden = tuple(Column(each) for each in ROLLUP_FIELDS)
    spec_with_rollup = replace(spec, columns=(*columns, *hidden))
    kept = find_shown_runs(missing, spec_with_rollup, *who)
    if spec.is_tree:
        kept = place_in_tree(kept, page.rows, spec_with_rollup, *who)
    # Together with the page's rows, so that numbers have the same decimals.
    combined = replace(page, rows=(*page.rows, *kept))
    experiments = {row.run.experiment_id for row in combined.rows}
    goals = find_goals(experiments, [column.field for column in columns])
    rows = build_rows(combined, columns, links, replace(NO_BEST, goals=goals))
    return rows[len(page.rows) :]


def _read_shown_keys(state: ListState) -> set[int]:
    found = state.parameters.get(SHOWN_ROWS_PARAMETER, "").split(".")
    return {
        int(each) for each in found if each.isdecimal() and len(each) <= MAX_KEY_DIGITS
    }


def new_runs_messages() -> dict[str, str]:
    """Return the plural forms of "n new runs" for a script.

    `which` has a digit for each number from 1 on: the index of its form.
    """
    return _new_runs_messages(get_language())


@lru_cache
def _new_runs_messages(language: str | None) -> dict[str, str]:
    # Only the cache's key: `ngettext` reads the active language.
    del language
    texts = [
        ngettext("%(n)s new run", "%(n)s new runs", number) % {"n": "%s"}
        for number in range(1, max(ROWS) + 1)
    ]
    forms = list(dict.fromkeys(texts))
    # Languages have different plural rules, which the script doesn't know.
    which = "".join(str(forms.index(each)) for each in texts)
    return {"forms": json.dumps(forms, ensure_ascii=False), "which": which}


def selection_form_context(state: ListState) -> dict[str, str]:
    """Return the address of the form with the checkboxes, and the list's state."""
    number, spec = state.scope.number, state.spec
    address = reverse("list-select", args=[state.workspace.name])
    return {
        "select_url": address + (f"?{urlencode({'in': number})}" if number else ""),
        "select_first": select_runs_hint(),
        "select_query": spec.to_query(after=spec.after, before=spec.before),
    }


def select_runs_hint() -> str:
    return _("Select two or more runs to compare them")
