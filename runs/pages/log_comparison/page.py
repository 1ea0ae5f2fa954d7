"""The page that shows two logs side by side, and the rows that its script loads."""

from __future__ import annotations

from dataclasses import replace
from hashlib import blake2b
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from runs.access import Permission, access
from runs.models import Run
from runs.pages.compare import (
    CompareState,
    column_line,
    find_run_by_id_or_name,
    find_runs_to_add,
)
from runs.pages.log_comparison.panes import (
    Pane,
    choose_runs,
    open_pane,
    pane_context,
    rows_html,
)
from runs.pages.log_comparison.state import LEFT, RIGHT, PairState, read_pair_state
from runs.pages.logs import fragment_etag
from runs.pages.requests import (
    PageRequest,
    browser_etag,
    not_modified,
    with_vary_headers,
)
from runs.render.formats import experiment_path
from runs.render.logs import LEVELS
from runs.search.compare import find_runs_by_id
from runs.search.logs import LogPair, UncountedLinesError, read_pair
from studio.core.errors import NotFound

MAX_TYPED_CHARS = 300
#: What a page shows, and polls, while lines are counted.
UNCOUNTED = "log-pair-uncounted"


@access(Permission.READ)
@require_safe
def log_comparison(request: PageRequest) -> HttpResponse:
    """Show the page, or forms to choose what is missing."""
    state = read_pair_state(request.GET)
    added = request.GET.get("add", "").strip()[:MAX_TYPED_CHARS]
    # The offers that change while one types show the run instead.
    if added and request.htmx.target != "compare-offer":
        chosen = find_run_by_id_or_name(request, added)
        if chosen is not None and chosen not in state.runs:
            # A redirect, so that a reload doesn't add the run again.
            return redirect(state.href(runs=(*state.runs, chosen)))
    runs = find_runs_by_id(state.runs, request.actor.user, request.workspace)
    context: dict[str, Any] = {"state": state, "runs": runs, "added": added}
    if runs:
        # Runs that can't be shown are left out of all links.
        state = replace(state, runs=tuple(run.run_id for run in runs))
        try:
            context |= _panes_context(request, state, runs, added)
        except UncountedLinesError as error:
            context |= {"counted": error.details["percent"]}
            context["here"] = request.get_full_path()
    if request.htmx.target == UNCOUNTED:
        return _counted_fragment(request, context)
    return render(request, "log_comparison/log_comparison.html", context)


def _counted_fragment(request: PageRequest, context: dict[str, Any]) -> HttpResponse:
    """Answer a poll: how many lines are counted, or a request to load the page."""
    if "counted" in context:
        return render(request, "log_comparison/_log_pair_uncounted.html", context)
    response = HttpResponse()
    response["HX-Refresh"] = "true"
    return response


def _panes_context(
    request: PageRequest, state: PairState, runs: list[Run], added: str
) -> dict[str, Any]:
    left_run, right_run = choose_runs(runs, state)
    left = open_pane(state, LEFT, left_run)
    right = open_pane(state, RIGHT, right_run, left.path) if right_run else None
    pair = _read_pair(state, left, right) if right else None
    homes = {run.experiment for run in runs}
    home = homes.pop() if len(homes) == 1 else None
    workspace = request.workspace.name
    context: dict[str, Any] = {
        "state": state,
        "pair": pair,
        "left": _pane_context(request, state, left, pair, runs),
        "right": right and _pane_context(request, state, right, pair, runs),
        "experiment": home,
        "experiment_href": home and experiment_path(workspace, home.number, home.name),
        "compare_href": f"{reverse('compare', args=[workspace])}"
        f"?{CompareState(runs=state.runs).query()}",
        "link": request.build_absolute_uri(),
        "here": request.get_full_path(),
        "levels": LEVELS,
        "no_times": pair is not None and pair.align != state.align,
        "live_sides": _live_sides(left, right),
    }
    if right and pair:
        context |= _rows_context(state, pair)
        context["rows_href"] = _rows_href(workspace, state, left, right)
    if right is None:
        context["offered"] = find_runs_to_add(request, state, added)
        others = [path for path in context["left"]["paths"] if path != left.path]
        context["other_files"] = [(path, state.href(to=path)) for path in others]
    return context


def _pane_context(
    request: PageRequest,
    state: PairState,
    pane: Pane,
    pair: LogPair | None,
    runs: list[Run],
) -> dict[str, Any]:
    line = column_line(runs.index(pane.run), pane.run)
    return {**pane_context(request, state, pane, pair), "column": line}


def _live_sides(*panes: Pane | None) -> str:
    """The sides whose runs are active, and whose logs can grow."""
    active = [each.side for each in panes if each and each.run.state.is_active]
    return " ".join(active)


def _rows_href(workspace: str, state: PairState, left: Pane, right: Pane) -> str:
    """The address of rows of these files, whatever becomes the main log of a run.

    The page's script adds the filter, which can be changed there.
    """
    shown = replace(
        state,
        left=left.run.run_id,
        right=right.run.run_id,
        path=left.path,
        to=right.path,
        q="",
        regex="",
        level="",
        only="",
    )
    return f"{reverse('log-comparison-rows', args=[workspace])}{shown.href_at()}"


def _read_pair(state: PairState, left: Pane, right: Pane) -> LogPair | None:
    if left.source is None or right.source is None:
        return None
    return read_pair(left.source, right.source, state.pair_query())


def _rows_context(state: PairState, pair: LogPair) -> dict[str, Any]:
    """Return the context of `_log_rows.html`."""
    left, right = rows_html(state, pair.rows)
    start, stop = ("-".join(map(str, each)) for each in (pair.start, pair.stop))
    return {
        "pair": pair,
        "left_html": left,
        "right_html": right,
        "start": start,
        "stop": stop,
        "earlier_href": "" if pair.is_start else state.href_at(before=start),
        "later_href": "" if pair.is_end else state.href_at(start=stop),
        "first_href": state.href_at(),
        "last_href": state.href_at(end="1"),
    }


@access(Permission.READ)
@require_safe
def log_rows(request: PageRequest) -> HttpResponse:
    """Show some rows of both logs; 304 if neither has changed."""
    state = read_pair_state(request.GET)
    runs = find_runs_by_id(state.runs, request.actor.user, request.workspace)
    left_run, right_run = choose_runs(runs, state) if runs else (None, None)
    if left_run is None or right_run is None:
        raise NotFound(_("There are no two logs at this address."))
    left = open_pane(state, LEFT, left_run)
    right = open_pane(state, RIGHT, right_run, left.path)
    if left.source is None or right.source is None:
        raise NotFound(_("There are no two logs at this address."))
    live_sides = _live_sides(left, right)
    etags = [fragment_etag(request, each) for each in (left.source, right.source)]
    seen = repr((etags, live_sides)).encode()
    etag = f'"{blake2b(seen, digest_size=12).hexdigest()}"'
    if browser_etag(request) == etag:
        return not_modified(etag)
    pair = read_pair(left.source, right.source, state.pair_query())
    context = {**_rows_context(state, pair), "live_sides": live_sides}
    response = render(request, "log_comparison/_log_rows.html", context)
    if pair.is_busy:
        # The next request for the same must not be answered from a cache.
        response["Cache-Control"] = "no-store"
        return response
    return with_vary_headers(response, etag)
