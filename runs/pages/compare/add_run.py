"""Add a run to a comparison: named by its ID, or chosen from search results."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from runs.access import Permission, access
from runs.models import Run
from runs.pages.compare.state import read_state
from runs.pages.requests import PageRequest, with_vary_headers
from runs.search.run_list import find_runs
from studio.core.errors import InvalidFilter, NotSupported, QueryTimeout
from studio.core.filters import to_text
from studio.core.filters.fields import quoted
from studio.core.filters.tree import Comparison, Text, attribute
from studio.core.view_spec import ViewSpec

#: Runs that are offered at once.
MAX_SUGGESTIONS = 8
#: More than are offered, because those that are compared already are left out.
SEARCHED_ROWS = 25


class RunsState(Protocol):
    """The state of a page that compares runs."""

    @property
    def runs(self) -> tuple[str, ...]: ...

    def href(self, **changes: Any) -> str: ...


@dataclass(frozen=True)
class RunSuggestion:
    run: Run
    href: str


@dataclass(frozen=True)
class RunSuggestions:
    """The runs that a text finds; `problem` is the reason if it can't be searched."""

    runs: tuple[RunSuggestion, ...]
    problem: str = ""


@access(Permission.READ)
@require_safe
def suggest_runs(request: PageRequest) -> HttpResponse:
    """Show the runs that match what is typed in the box *Add run*."""
    state = read_state(request.GET)
    text = request.GET.get("add", "").strip()[:300]
    context = {"offered": find_runs_to_add(request, state, text), "added": text}
    return with_vary_headers(render(request, "compare/_compare_offer.html", context))


def find_runs_to_add(
    request: PageRequest, state: RunsState, text: str
) -> RunSuggestions:
    """Return the newest matching runs that are not yet compared."""
    try:
        found = _search_runs(request, text)
    except InvalidFilter:
        try:
            # Names such as `lr=0.1 (old` are no filter, but can be searched as words.
            found = _search_runs(request, quoted(text))
        except (InvalidFilter, NotSupported) as error:
            return RunSuggestions((), error.message)
    except (NotSupported, QueryTimeout) as error:
        return RunSuggestions((), error.message)
    shown = [run for run in found if run.run_id not in state.runs][:MAX_SUGGESTIONS]
    return RunSuggestions(
        tuple(
            RunSuggestion(run, state.href(runs=(*state.runs, run.run_id)))
            for run in shown
        )
    )


def find_run_by_id_or_name(request: PageRequest, text: str) -> str | None:
    """Return the ID of the run with this ID, or of the only run with this name."""
    # IDs first: they are unique, while a name can be that of several runs.
    for name in ("id", "name"):
        term = Comparison(attribute(name), "=", (Text(text),))
        found = _search_runs(request, to_text(term))
        if len(found) == 1:
            return found[0].run_id
    return None


def _search_runs(request: PageRequest, text: str) -> list[Run]:
    # Flat, because only the matching runs count, not the roots that lead to them.
    spec = replace(ViewSpec(), q=text, children=True, flat=True, rows=SEARCHED_ROWS)
    page = find_runs(spec, request.actor.user, request.workspace)
    return [row.run for row in page.rows]
