"""The run list: All runs, and the runs of one experiment. One implementation."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import blake2b
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from runs.access.rules import Permission, access
from runs.models import Experiment, ExperimentStar
from runs.pages import filter_note
from runs.pages.experiments import find_experiment
from runs.pages.members_only import PageRequest
from runs.pages.run_cells import ROLLUP, rows
from runs.pages.run_links import Links, heads, pills, strip
from runs.render import numbers
from runs.search.common_metrics import common_metrics
from runs.search.counts import count_statuses, names_status
from runs.search.find_runs import RunPage, find_runs
from runs.search.tally import StatusCounts
from studio.core.errors import InvalidFilter, NotSupported, QueryTimeout, StudioError
from studio.core.filters.tree import attribute
from studio.core.viewspec import DEFAULT_COLUMNS, ROWS, Column, ViewSpec

#: Seconds between looks for news: with unfinished runs on the page, and without.
QUICK, SLOW = 5, 20
HTMX_SWAPS_THIS = 422


@access(Permission.READ)
@require_safe
def all_runs(request: PageRequest) -> HttpResponse:
    return _run_list(request, None)


@access(Permission.READ)
@require_safe
def experiment_runs(request: PageRequest, slug: str) -> HttpResponse:
    return _run_list(request, find_experiment(request, slug))


def _run_list(request: PageRequest, experiment: Experiment | None) -> HttpResponse:
    spec = ViewSpec.from_query(request.GET.dict())
    try:
        node = spec.filter()
        columns = _columns(request, spec, experiment)
        page, counts = _find(request, spec, columns, experiment)
    except (InvalidFilter, NotSupported, QueryTimeout) as error:
        return _refused(request, spec, experiment, error)
    links = Links(request.workspace.name, spec, node)
    etag = _etag(page, counts, links)
    if request.htmx and _is_known(request, etag):
        return _varied(HttpResponse(status=304), etag)
    context = {
        **_frame(request, spec, experiment),
        **_table(page, columns, links, counts),
        "etag": etag,
    }
    return _answer(request, context, etag)


def _columns(
    request: PageRequest, spec: ViewSpec, experiment: Experiment | None
) -> tuple[Column, ...]:
    """The chosen columns; by default also the experiment and the common metrics."""
    if spec.columns != DEFAULT_COLUMNS:
        return _with_name(spec.columns)
    metrics = common_metrics(request.actor.user, request.workspace, experiment)
    columns = (*DEFAULT_COLUMNS, *(Column(each) for each in metrics))
    if experiment is not None:
        return columns
    return (columns[0], Column(attribute("experiment")), *columns[1:])


def _with_name(columns: tuple[Column, ...]) -> tuple[Column, ...]:
    """The display name is always there: it is how a run is opened."""
    if any(column.field == attribute("name") for column in columns):
        return columns
    return (Column(attribute("name")), *columns)


def _find(
    request: PageRequest,
    spec: ViewSpec,
    columns: tuple[Column, ...],
    experiment: Experiment | None,
) -> tuple[RunPage, StatusCounts]:
    hidden = tuple(Column(each) for each in ROLLUP)
    asked = replace(spec, columns=columns + hidden)
    viewer, workspace = request.actor.user, request.workspace
    page = find_runs(asked, viewer, workspace, experiment=experiment)
    if not names_status(spec):
        return page, page.counts
    return page, count_statuses(spec, viewer, workspace, experiment=experiment)


def _frame(
    request: PageRequest, spec: ViewSpec, experiment: Experiment | None
) -> dict[str, Any]:
    """What stands around the table, whether the filter could be read or not."""
    starred = experiment is not None and (
        ExperimentStar.objects.filter(
            experiment=experiment, user=request.actor.user
        ).exists()
    )
    shown = spec.parameters()
    return {
        "spec": spec,
        "experiment": experiment,
        "experiment_starred": starred,
        "experiment_star_url": f"{request.path}star/",
        "title": experiment.name if experiment else _("All runs"),
        "here": request.get_full_path(),
        "kept": [(n, shown[n]) for n in ("sort", "columns", "archived") if n in shown],
        "sizes": ROWS,
        "narrowed": bool(spec.q or spec.mine or spec.archived),
        "with_children": "?" + spec.to_query(children=True),
        "snippet_name": json.dumps(
            experiment.name if experiment else "first-steps", ensure_ascii=False
        ),
    }


def _table(
    page: RunPage,
    columns: tuple[Column, ...],
    links: Links,
    counts: StatusCounts,
) -> dict[str, Any]:
    active = any(row.run.state.is_active for row in page.rows)
    return {
        "rows": rows(page, columns, links),
        "heads": heads(links.spec, columns, links),
        "pills": pills(links),
        "strip": strip(counts.counts, links),
        "counts_are_exact": counts.exact,
        "show_children": any(row.children for row in page.rows),
        **_totals(page, links.spec),
        "previous": links.query(before=page.before) if page.before else "",
        "next": links.query(after=page.after) if page.after else "",
        "pace": QUICK if active else SLOW,
    }


def _totals(page: RunPage, spec: ViewSpec) -> dict[str, str]:
    total = numbers.grouped(page.total) + ("" if page.total_is_exact else "+")
    if spec.children:
        noun = ngettext("run", "runs", page.total)
    else:
        noun = ngettext("root run", "root runs", page.total)
    return {
        "total": total,
        "total_noun": noun,
        "range": _("%(shown)s of %(total)s %(noun)s")
        % {
            "shown": _shown(page),
            "total": total,
            "noun": noun,
        },
    }


def _shown(page: RunPage) -> str:
    """`26–50`, or how many where their place is beyond counting."""
    count = len(page.rows)
    if not count or not page.first:
        return numbers.grouped(count)
    last = page.first + count - 1
    return f"{numbers.grouped(page.first)}–{numbers.grouped(last)}"


def _refused(
    request: PageRequest,
    spec: ViewSpec,
    experiment: Experiment | None,
    error: StudioError,
) -> HttpResponse:
    """The filter cannot be answered: say where and why, and leave the rows alone."""
    problem = filter_note.problem(spec, error, rows_stay=bool(request.htmx))
    if request.htmx:
        answer = render(
            request, "_filter_note.html", {"problem": problem}, status=HTMX_SWAPS_THIS
        )
        answer["HX-Retarget"] = "#filter-note"
        answer["HX-Reswap"] = "outerHTML"
        answer["HX-Push-Url"] = "false"
        return _varied(answer)
    links = Links(request.workspace.name, spec, None)
    context = {
        **_frame(request, spec, experiment),
        "problem": problem,
        "strip": strip({}, links),
        "counts_are_exact": True,
    }
    return _varied(render(request, "run_list.html", context, status=error.status))


def _answer(request: PageRequest, context: dict[str, Any], etag: str) -> HttpResponse:
    template = "_run_table.html" if request.htmx else "run_list.html"
    answer = _varied(render(request, template, context), etag)
    if request.htmx and request.htmx.trigger == "filter-form":
        spec: ViewSpec = context["spec"]
        query = spec.to_query()
        answer["HX-Push-Url"] = request.path + (f"?{query}" if query else "")
    return answer


def _varied(answer: HttpResponse, etag: str = "") -> HttpResponse:
    """One address answers the page and its fragment; neither is kept unasked."""
    patch_vary_headers(answer, ("HX-Request", "Cookie"))
    answer["Cache-Control"] = "private, no-store"
    if etag:
        answer["ETag"] = etag
    return answer


def _is_known(request: PageRequest, etag: str) -> bool:
    """Whether the browser has this already; compression makes its tag a weak one."""
    return request.headers.get("If-None-Match", "").removeprefix("W/") == etag


def _etag(page: RunPage, counts: StatusCounts, links: Links) -> str:
    """Stands for what the rows show, the ticking of durations left out."""
    duration = attribute("duration")
    seen = [
        (
            row.run.pk,
            row.run.revision,
            row.run.status,
            row.run.name,
            row.starred,
            row.children,
            row.tags,
            [(f, v) for f, v in row.values.items() if f != duration],
        )
        for row in page.rows
    ]
    told = repr(
        (links.query(), seen, page.first, page.total, sorted(counts.counts.items()))
    )
    return f'"{blake2b(told.encode(), digest_size=12).hexdigest()}"'
