"""The tab *Versions*: aliases, a metric by version, and the table of versions."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import npgettext
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from runs.access import Permission, access
from runs.models import RegisteredModel, now_ms
from runs.pages.registry.model_comparison import comparison_context
from runs.pages.registry.model_shell import (
    find_page_model,
    frame_context,
    model_context,
    model_path,
    quoted,
)
from runs.pages.registry.model_state import (
    DEFAULT_COLUMNS,
    DEFAULT_SORT,
    ROWS,
    VersionsState,
)
from runs.pages.registry.model_table import (
    alias_chip,
    best_words,
    draw_chart,
    find_best_values,
    sort_aliases,
    table_heads,
    table_rows,
)
from runs.pages.requests import FORM_ERROR_STATUS, PageRequest, csv_response
from runs.render.formats import grouped, nonfinite_word
from runs.render.run_list import iso_time
from runs.search.registry import (
    VersionPage,
    find_metric_goals,
    list_aliases,
    list_metric_names,
    list_versions,
    read_newest_versions,
)
from studio.core.errors import InvalidValue
from studio.core.names import is_system_metric

FORM_ID = "versions-form"
#: Versions in a download.
MAX_EXPORTED = 10_000


@access(Permission.READ)
@require_safe
@vary_on_headers("HX-Request")
def model_versions(request: PageRequest, name: str) -> HttpResponse:
    model = find_page_model(request, name)
    names = list_metric_names(model)
    state = _without_defaults(VersionsState.read(request.GET), names)
    columns = _shown_columns(state, names)
    problem: InvalidValue | None = None
    try:
        page = _find_page(request, model, state, columns)
    except InvalidValue as error:
        problem = error
        # The rest of the address is still shown.
        state = replace(state, sort=DEFAULT_SORT) if _is_sort(error) else state
        page = (
            _find_page(request, model, state, columns)
            if _is_sort(error)
            else VersionPage((), 0, 1, 1)
        )
    context = {
        **(frame_context if request.htmx else model_context)(request, model),
        **_table_context(model, state, page, names, columns),
        **comparison_context(request, model, state, columns),
        "problem": problem.message if problem else "",
        "has_versions": model.version_count > 0,
        "quoted_name": quoted(model.name),
        "tab": "versions",
        "tab_template": "registry/_model_versions.html",
    }
    template = context["tab_template"] if request.htmx else "registry/model.html"
    status = FORM_ERROR_STATUS if problem and request.htmx else 200
    response = render(request, template, context, status=status)
    if request.htmx and request.htmx.trigger == FORM_ID:
        # The form's own address also has hidden inputs and default values.
        query = state.here()
        response["HX-Push-Url"] = model_path(model) + (query if query != "?" else "")
    return response


def _is_sort(error: InvalidValue) -> bool:
    return error.details.get("field") == "sort"


def _without_defaults(state: VersionsState, names: Sequence[str]) -> VersionsState:
    """Return the state without the values that the form adds."""
    if state.columns == _default_columns(names):
        state = replace(state, columns=None)
    if state.chart == _default_chart(_shown_columns(state, names), names):
        state = replace(state, chart="")
    return state


def _shown_columns(state: VersionsState, names: Sequence[str]) -> tuple[str, ...]:
    return _default_columns(names) if state.columns is None else state.columns


def _default_columns(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in names if not is_system_metric(name))[:DEFAULT_COLUMNS]


def _default_chart(columns: Sequence[str], names: Sequence[str]) -> str:
    return next(iter((*columns, *names)), "")


def _find_page(
    request: PageRequest,
    model: RegisteredModel,
    state: VersionsState,
    columns: Sequence[str],
) -> VersionPage:
    return list_versions(
        model,
        request.actor.user,
        text=state.q,
        sort=state.sort,
        page=state.page,
        rows=state.rows,
        metrics=columns,
        now=now_ms(),
    )


def _table_context(
    model: RegisteredModel,
    state: VersionsState,
    page: VersionPage,
    names: Sequence[str],
    columns: Sequence[str],
) -> dict[str, Any]:
    chart = state.chart if state.chart in names else _default_chart(columns, names)
    charted = read_newest_versions(model, tuple(dict.fromkeys((*columns, chart))))
    goals = find_metric_goals(charted, columns)
    best = find_best_values(charted, columns, goals)
    aliases = sort_aliases(list_aliases(model))
    on_page = {row.version.number for row in page.rows}
    return {
        "state": state,
        "page": page,
        "rows": table_rows(page, state, columns, best, best_words(len(charted))),
        "heads": table_heads(state, columns),
        "columns": columns,
        "metric_names": [name for name in names if name not in columns],
        "charted": chart,
        "chart_names": names,
        "chart": draw_chart(charted, chart, aliases, state),
        "aliases": [(alias_chip(each), each) for each in aliases],
        "hidden_selected": [n for n in state.select if n not in on_page],
        "without_selection": state.here(select=(), base=0),
        "total_text": _total_text(page.total),
        "range": _range_text(page, state),
        "previous": state.query(page=page.page - 1) if page.page > 1 else "",
        "next": state.query(page=page.page + 1) if page.page < page.pages else "",
        "sizes": ROWS,
        "is_default_sort": state.sort == DEFAULT_SORT,
        "download": f"{model_path(model)}versions.csv{state.query()}",
    }


def _total_text(total: int) -> str:
    noun = npgettext("after a number", "version", "versions", total)
    return f"{grouped(total)} {noun}"


def _range_text(page: VersionPage, state: VersionsState) -> str:
    first = (page.page - 1) * state.rows + 1
    return _("%(first)s–%(last)s of %(total)s") % {
        "first": grouped(first),
        "last": grouped(first + len(page.rows) - 1),
        "total": grouped(page.total),
    }


@access(Permission.READ)
@require_safe
def download_versions(request: PageRequest, name: str) -> HttpResponseBase:
    """Send all versions that match as CSV, with the shown metrics."""
    model = find_page_model(request, name)
    state = replace(VersionsState.read(request.GET), page=1, rows=MAX_EXPORTED)
    columns = _shown_columns(state, list_metric_names(model))
    page = _find_page(request, model, state, columns)
    return csv_response(_csv_rows(page, columns), f"{model.name}.csv")


def _csv_rows(page: VersionPage, columns: Sequence[str]) -> Iterator[Sequence[object]]:
    yield (
        *("version", "aliases", "run_id", "run", "stage"),
        *columns,
        *("size", "registered_by", "registered", "source"),
    )
    for row in page.rows:
        version, run = row.version, row.version.run
        yield (
            version.number,
            " ".join(alias.name for alias in row.aliases),
            run.run_id if run else "",
            run.name if run else "",
            version.stage,
            *(_csv_number(row.metrics.get(name)) for name in columns),
            "" if version.size is None else version.size,
            str(version.created_by or ""),
            iso_time(version.created),
            version.source,
        )


def _csv_number(value: float | None) -> object:
    if value is None:
        return ""
    return value if math.isfinite(value) else nonfinite_word(value)
