"""All experiments: a table to filter by name, sort and page through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from runs.access.rules import Permission, access
from runs.models import Experiment
from runs.pages.members_only import PageRequest
from runs.render.addresses import experiment_path, run_path
from runs.search.experiment_list import ExperimentPage, ExperimentRow, find_experiments
from studio.core.statuses import GROUPS, RunStatus

DEFAULT_SORT = "-activity"


@dataclass(frozen=True)
class Line:
    row: ExperimentRow
    href: str
    star_url: str
    latest_href: str
    counts: list[tuple[str, str, int]]


def find_experiment(request: PageRequest, slug: str) -> Experiment:
    """The experiment that a path names, by its name or as `~<id>`; else a 404."""
    visible = Experiment.objects.visible_to(request.actor.user).active()
    here = visible.filter(workspace=request.workspace)
    if not slug.startswith("~"):
        return get_object_or_404(here, name=slug)
    if not slug[1:].isdigit():
        raise Http404(slug)
    return get_object_or_404(here, number=int(slug[1:]))


@access(Permission.READ)
@require_safe
@vary_on_headers("HX-Request")
def experiments(request: PageRequest) -> HttpResponse:
    text = request.GET.get("q", "").strip()
    sort = request.GET.get("sort") or DEFAULT_SORT
    number = request.GET.get("page", "")
    page = find_experiments(
        request.actor.user,
        request.workspace,
        text=text,
        sort=sort,
        page=int(number) if number.isascii() and number.isdigit() else 1,
    )
    template = "_experiment_table.html" if request.htmx else "experiments.html"
    return render(request, template, _context(page, request.workspace.name, text, sort))


def _context(
    page: ExperimentPage, workspace: str, text: str, sort: str
) -> dict[str, Any]:
    def query(**changes: Any) -> str:
        kept = {"q": text, "sort": sort if sort != DEFAULT_SORT else "", **changes}
        return "?" + urlencode({key: value for key, value in kept.items() if value})

    return {
        "page": page,
        "lines": [_line(row, workspace) for row in page.rows],
        "heads": _heads(sort, query),
        "q": text,
        "sort": sort,
        "previous": query(page=page.page - 1) if page.page > 1 else "",
        "next": query(page=page.page + 1) if page.page < page.pages else "",
    }


def _heads(sort: str, query: Any) -> list[dict[str, str]]:
    heads = [
        ("name", _("Experiment"), "name"),
        ("", _("Runs"), "children"),
        ("", _("Latest run"), ""),
        ("", _("Submitted by"), ""),
        ("activity", _("Last activity"), ""),
        ("created", _("Created"), ""),
    ]
    return [_head(key, label, css, sort, query) for key, label, css in heads]


def _head(key: str, label: str, css: str, sort: str, query: Any) -> dict[str, str]:
    order = ""
    if key and sort.removeprefix("-") == key:
        order = "descending" if sort.startswith("-") else "ascending"
    first = key if key == "name" else f"-{key}"
    other = key if sort.startswith("-") else f"-{key}"
    href = query(sort=other if order else first) if key else ""
    return {"label": label, "css": css, "order": order, "href": href}


def _line(row: ExperimentRow, workspace: str) -> Line:
    path = experiment_path(workspace, row.experiment.number, row.experiment.name)
    latest = run_path(workspace, row.latest.run_id) if row.latest else ""
    counts = [
        (_(group), next(iter(members)).value, _sum(row.counts, members))
        for group, members in GROUPS.items()
    ]
    shown = [entry for entry in counts if entry[2]]
    star = f"/w/{workspace}/experiments/~{row.experiment.number}/star/"
    return Line(row, path, star, latest, shown)


def _sum(counts: dict[RunStatus, int], members: frozenset[RunStatus]) -> int:
    return sum(counts.get(member, 0) for member in members)
