"""The dialog that adds or changes a chart, and a page of its own: one form of GET.

It redirects to the page with the new chart. If `run` names runs, that page is their
comparison; otherwise it is the list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from runs.access import Permission, access
from runs.pages.chart_kinds import KINDS
from runs.pages.charts.forms import ChartForm
from runs.pages.lists import ListState, read_part_state_tolerantly
from runs.pages.requests import FORM_ERROR_STATUS, PageRequest, with_vary_headers
from runs.search.run_list import common_metrics, list_fields
from studio.core import view_text
from studio.core.chart_kinds import CHART_KINDS
from studio.core.errors import InvalidFilter, InvalidValue
from studio.core.filters import field_text
from studio.core.filters.tree import METRICS, PARAMS, TAGS
from studio.core.view_charts import (
    BANDS,
    MAX_BINS,
    MAX_CHARTS,
    MAX_RUNS,
    MAX_SMOOTHING,
    Chart,
)
from studio.core.view_spec import encode_value

#: Parameters of the dialog; all others belong to the page.
FORM_PARAMETERS = ("at", "done", "text", *ChartForm.base_fields)


@access(Permission.READ)
@require_safe
def edit_chart(request: PageRequest) -> HttpResponse:
    state = read_part_state_tolerantly(request)
    at = _read_chart_index(request, state.spec.charts)
    form = ChartForm(request.GET) if "kind" in request.GET else _initial_form(state, at)
    problem = ""
    if "done" in request.GET:
        try:
            return _redirect_to_page_with_chart(request, state, at, form)
        except InvalidValue as error:
            problem = error.message.removeprefix("chart: ")
    context = _dialog_context(request, state, at, form) | {"problem": problem}
    template = (
        "charts/_chart_dialog.html" if request.htmx else "charts/chart_dialog.html"
    )
    status = FORM_ERROR_STATUS if problem else 200
    return with_vary_headers(render(request, template, context, status=status))


@access(Permission.READ)
@require_safe
def complete_field_names(request: PageRequest) -> HttpResponse:
    """Return the names that complete a field's input, as options."""
    state = read_part_state_tolerantly(request)
    names = _matching_field_names(state, request.GET.get("find", "")[:250])
    return with_vary_headers(
        render(request, "charts/_chart_fields.html", {"names": names})
    )


def _read_chart_index(request: PageRequest, charts: Sequence[Chart]) -> int | None:
    text = request.GET.get("at", "")
    is_number = text.isascii() and text.isdigit() and len(text) < 4
    return int(text) if is_number and int(text) < len(charts) else None


def _redirect_to_page_with_chart(
    request: PageRequest, state: ListState, at: int | None, form: ChartForm
) -> HttpResponse:
    """Redirect to the page that shows the chart."""
    chart = form.chart()
    charts = list(state.spec.charts)
    if at is None:
        charts.append(chart)
    else:
        charts[at] = chart
    if len(charts) > MAX_CHARTS:
        raise InvalidValue(
            _("A page has at most %(limit)s charts") % {"limit": MAX_CHARTS},
            field="charts",
        )
    address = page_address_with_charts(request, state, tuple(charts))
    if request.htmx:
        # The script shows it as a link of the page would.
        response = HttpResponse(status=204)
        # A header instead of a redirect, which the script's request would follow.
        response["X-Studio-Location"] = address
        return with_vary_headers(response)
    return HttpResponseRedirect(address)


def page_address_with_charts(
    request: PageRequest, state: ListState, charts: tuple[Chart, ...]
) -> str:
    if request.GET.getlist("run"):
        # The comparison has parameters that a list's state would drop.
        pairs = [pair for pair in _page_parameters(request) if pair[0] != "charts"]
        text = view_text.join_with_commas(charts)
        pairs += [("charts", text)] if text else []
        query = "&".join(f"{name}={encode_value(value)}" for name, value in pairs)
        return f"/w/{request.workspace.name}/compare/?{query}"
    return state.scope.address_of(replace(state.spec, charts=charts))


def _page_parameters(request: PageRequest) -> list[tuple[str, str]]:
    """Return the parameters of the page's own address, in their order."""
    pairs = parse_qsl(request.META["QUERY_STRING"], keep_blank_values=False)
    return [(name, value) for name, value in pairs if name not in FORM_PARAMETERS]


def _initial_form(state: ListState, at: int | None) -> ChartForm:
    """Return the form of the chart to change, or of a metric that no chart shows."""
    if at is not None:
        return ChartForm.of_chart(state.spec.charts[at])
    who, parent = (state.viewer, state.workspace), state.scope.parent
    common = common_metrics(*who, state.experiment, parent=parent)
    shown = {field for chart in state.spec.charts for field in chart.fields}
    unused = [field_text(field) for field in common if field not in shown]
    return ChartForm({"field": unused[:1]})


def _matching_field_names(state: ListState, part: str) -> list[str]:
    """Return the fields whose keys contain `part`, which can begin with a kind."""
    head, point, tail = part.partition(".")
    kinds = (METRICS, PARAMS, TAGS, "properties")
    # The search looks in keys, which don't contain their kind.
    part = tail if point and head in kinds else part
    try:
        found = list_fields(
            state.spec,
            state.viewer,
            state.workspace,
            experiment=state.experiment,
            part=part.strip('"'),
        ).found
    except InvalidFilter:
        return []
    listed = [each.field for kind in (METRICS, PARAMS) for each in found[kind]]
    if part:
        listed += [each.field for each in found[TAGS]]
    listed += [each.field for each in found["attribute"]]
    return list(dict.fromkeys(field_text(field) for field in listed))


def _dialog_context(
    request: PageRequest, state: ListState, at: int | None, form: ChartForm
) -> dict[str, Any]:
    path = reverse("list-charts", args=[request.workspace.name])
    values = form.check()
    return {
        "scope": state.scope,
        "path": path,
        "fields_path": reverse("list-chart-fields", args=[request.workspace.name]),
        "state": _page_parameters(request),
        "at": at,
        "draft": values,
        "field_inputs": form.field_inputs(),
        "kinds": [
            (name, KINDS[name].label(), spec.first_runs)
            for name, spec in CHART_KINDS.items()
        ],
        "axes": [
            ("step", _("Step")),
            ("relative", _("Time since the start")),
            ("time", _("Time")),
            ("metric", _("Another metric")),
        ],
        "bands": list(
            zip(
                BANDS,
                (
                    _("± std"),
                    _("min to max"),
                    pgettext("spread band of a chart", "none"),
                ),
                strict=True,
            )
        ),
        "legends": [
            ("", _("Automatic")),
            ("1", pgettext("chart option", "Shown")),
            ("0", pgettext("chart option", "Hidden")),
        ],
        "first_runs": CHART_KINDS[values["kind"]].first_runs,
        "heaviest": MAX_SMOOTHING,
        "most_runs": MAX_RUNS,
        "most_bins": MAX_BINS,
        "names": _matching_field_names(state, ""),
        "back_href": page_address_with_charts(request, state, state.spec.charts),
    }
