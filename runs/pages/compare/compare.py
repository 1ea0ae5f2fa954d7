"""Runs side by side: attributes as rows, runs as columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from runs.access import Permission, access
from runs.models import Run, now_ms
from runs.pages.compare.add_run import (
    RunSuggestions,
    find_run_by_id_or_name,
    find_runs_to_add,
)
from runs.pages.compare.charts import compare_charts_context, unreadable_chart_warnings
from runs.pages.compare.columns import column_line
from runs.pages.compare.conclusion import conclusion_card_context, conclusion_items
from runs.pages.compare.file_diff import file_diff
from runs.pages.compare.formats import (
    COPY_FORMATS,
    comparison_response,
    comparison_text,
    requested_format,
)
from runs.pages.compare.media import media_comparison
from runs.pages.compare.sections import CompareTable, table_sections
from runs.pages.compare.state import CompareState, is_canonical_query, read_state
from runs.pages.compare.table_diff import logged_table_diff
from runs.pages.requests import PageRequest, with_vary_headers
from runs.render.formats import experiment_path, run_path
from runs.search.compare import (
    MAX_COMPARED,
    MIN_COMPARED,
    Comparison,
    compare_files,
    compare_runs,
    list_conclusions,
)
from runs.search.run_list import find_goals


@dataclass(frozen=True)
class RunColumn:
    """The head of a run's column; `series` and `dash` match its line in charts."""

    run: Run
    href: str
    series: int
    dash: str
    is_baseline: bool
    make_baseline: str
    remove: str


@access(Permission.READ)
@require_safe
def compare_page(request: PageRequest) -> HttpResponse:
    state = read_state(request.GET)
    added = request.GET.get("add", "").strip()[:300]
    offered: RunSuggestions | None = None
    if added:
        chosen = find_run_by_id_or_name(request, added)
        # A redirect, so that a reload doesn't add the run again.
        if chosen is not None:
            state = CompareState(**{**vars(state), "runs": (*state.runs, chosen)})
            return _redirect_to_state(request, state)
        offered = find_runs_to_add(request, state, added)
    # Only pages have one address per state; scripts can write it as they like.
    kind = requested_format(request)
    if (
        not is_canonical_query(request.GET, state)
        and not added
        and not kind
        and "copy" not in request.GET
    ):
        return _redirect_to_state(request, state)
    compared = compare_runs(
        state.runs, request.actor.user, request.workspace, now=now_ms()
    )
    form = request.GET.get("copy", "")
    # Copies need no table or charts, so they are built before the page's context.
    if form in dict(COPY_FORMATS).values():
        goals = _metric_goals(compared)
        return comparison_text(form, state, compared, compare_files(compared), goals)
    if kind:
        return comparison_response(request, kind, compared, compare_files(compared))
    table = _table_context(request, state, compared) if compared.runs else {}
    context = {
        **_head_context(request, state, compared),
        **table,
        "notices": ignored_parameter_notices(state, compared)
        + _missing_part_notices(state, table),
        **_conclusions_context(request, state, compared),
        "offered": offered,
        "added": added,
    }
    template = "compare/_compare.html" if request.htmx else "compare/compare.html"
    return with_vary_headers(render(request, template, context))


def _conclusions_context(
    request: PageRequest, state: CompareState, compared: Comparison
) -> dict[str, Any]:
    """Return the conclusion of these runs; without runs, all conclusions."""
    if compared.runs:
        return conclusion_card_context(request, state, list(compared.runs))
    return {
        "conclusions": conclusion_items(request, list_conclusions(request.workspace))
    }


def _redirect_to_state(request: PageRequest, state: CompareState) -> HttpResponse:
    return redirect(f"{request.path}?{state.query()}")


def _head_context(
    request: PageRequest, state: CompareState, compared: Comparison
) -> dict[str, Any]:
    runs = compared.runs
    # The path above the title names an experiment only if it is that of all runs.
    homes = {run.experiment for run in runs}
    home = homes.pop() if len(homes) == 1 else None
    return {
        "state": state,
        "runs": runs,
        "title": ngettext("Compare %(n)s run", "Compare %(n)s runs", len(runs))
        % {"n": len(runs)},
        "experiment": home,
        "experiment_href": home
        and experiment_path(request.workspace.name, home.number, home.name),
        "copies": COPY_FORMATS,
        "too_few": len(runs) < MIN_COMPARED,
        "is_full": len(runs) >= MAX_COMPARED,
        "columns": run_columns(request, state, compared),
        "logs_href": _logs_href(request, state, runs),
        "here": request.get_full_path(),
        "link": request.build_absolute_uri(),
        "any_active": any(run.state.is_active for run in runs),
    }


def _logs_href(request: PageRequest, state: CompareState, runs: Sequence[Run]) -> str:
    """Return the address that compares logs, that of the baseline first."""
    ids = [f"run={quote(run.run_id)}" for run in runs]
    baseline = [f"left={quote(state.baseline)}"] if state.baseline else []
    address = reverse("log-comparison", args=[request.workspace.name])
    return f"{address}?{'&'.join([*ids, *baseline])}"


def _table_context(
    request: PageRequest, state: CompareState, compared: Comparison
) -> dict[str, Any]:
    goals = _metric_goals(compared)
    table = CompareTable(state, compared, baseline_index(state, compared), goals)
    files = compare_files(compared)
    return {
        "baseline": compared.runs[table.baseline],
        "sections": table_sections(table, files),
        "span": len(compared.runs) + 1,
        "files_cut": not files.is_whole,
        **compare_charts_context(request, state, compared, set(goals)),
        "media": media_comparison(request.workspace.name, state, compared),
        "table_diff": logged_table_diff(state, compared, table.baseline),
        "diff": file_diff(
            request.workspace.name, state, compared, files, table.baseline
        ),
    }


def _metric_goals(compared: Comparison) -> dict[str, bool]:
    metrics = [row.field for row in compared.metrics if row.field is not None]
    experiments = {run.experiment_id for run in compared.runs}
    return {f.key: up for f, up in find_goals(experiments, metrics).items()}


def baseline_index(state: CompareState, compared: Comparison) -> int:
    """Return the index of the baseline; 0 if none is named or it is not compared."""
    ids = [run.run_id for run in compared.runs]
    return ids.index(state.baseline) if state.baseline in ids else 0


def run_columns(
    request: PageRequest, state: CompareState, compared: Comparison
) -> list[RunColumn]:
    if not compared.runs:
        return []
    baseline = compared.runs[baseline_index(state, compared)]
    first = compared.runs[0]
    return [
        RunColumn(
            run,
            run_path(request.workspace.name, run.run_id),
            column_line(n, run).series,
            column_line(n, run).dash,
            run == baseline,
            # The first run is the default, and defaults stay out of the address.
            state.href(baseline="" if run == first else run.run_id),
            state.href_without_run(run.run_id),
        )
        for n, run in enumerate(compared.runs)
    ]


def ignored_parameter_notices(state: CompareState, compared: Comparison) -> list[str]:
    """Return notices about the parts of the address that were ignored."""
    notices = [
        _("No run %(id)s in this workspace.") % {"id": one} for one in compared.unknown
    ]
    notices += [
        _("Run %(id)s is in the trash and is not shown.") % {"id": one}
        for one in compared.trashed
    ]
    if len(state.runs) > MAX_COMPARED:
        notices.append(
            _("Comparing the first %(most)s runs. The others are not shown.")
            % {"most": MAX_COMPARED}
        )
    shown = {run.run_id for run in compared.runs}
    if state.baseline and state.baseline not in shown:
        notices.append(
            _(
                "The baseline %(id)s is not one of the runs. The first run is the "
                "baseline instead."
            )
            % {"id": state.baseline}
        )
    return notices + unreadable_chart_warnings(state)


def _missing_part_notices(state: CompareState, table: dict[str, Any]) -> list[str]:
    """Return notices about a file or medium of the address that is not there."""
    notices: list[str] = []
    diff, media = table.get("diff"), table.get("media")
    if state.diff and not (diff and diff.place == state.diff):
        path = state.diff.partition(":")[2] or state.diff
        notices.append(
            _("No file %(path)s differs from the baseline.") % {"path": path}
        )
    if state.image and not (media and media.name == state.image):
        notices.append(_("These runs have no media %(name)s.") % {"name": state.image})
    if state.table and not table.get("table_diff"):
        text = _("Fewer than two of these runs have a table %(name)s.")
        notices.append(text % {"name": state.table})
    return notices
