"""The conclusion below the comparison: the card, its editor, and lists of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from runs.access import Permission, access, view_by_method
from runs.actions.compare import set_conclusion
from runs.models import Conclusion, Run, now_ms
from runs.pages.compare.state import CompareState, read_state
from runs.pages.descriptions import (
    DescriptionEditor,
    open_description_editor,
    render_description,
    save_description,
)
from runs.pages.requests import PageRequest
from runs.pages.run_shell import role_refusal, toast_header
from runs.pages.undo import last_undo_href
from runs.render.descriptions import first_line
from runs.render.formats import run_path
from runs.search.compare import find_conclusion, find_runs_by_id
from studio.core.errors import InvalidValue

ELEMENT_ID = "compare-conclusion"


@dataclass(frozen=True)
class ConclusionItem:
    """A conclusion in a list: its first line, and the comparison that it is about."""

    line: str
    href: str
    author: str
    updated: int
    runs: int


@access(Permission.ANNOTATE)
def _show_conclusion_form(request: PageRequest) -> HttpResponse:
    return open_description_editor(request, _conclusion_editor(request))


@access(Permission.ANNOTATE)
def _save_conclusion(request: PageRequest) -> HttpResponse:
    return save_description(request, _conclusion_editor(request))


edit_conclusion = view_by_method(GET=_show_conclusion_form, POST=_save_conclusion)


def conclusion_card_context(
    request: PageRequest, state: CompareState, runs: list[Run]
) -> dict[str, Any]:
    """Return the context of `_compare_conclusion.html`."""
    found = find_conclusion(request.workspace, [run.run_id for run in runs])
    text = found.text if found else ""
    return {
        "conclusion": found,
        "conclusion_html": render_description(request, text, runs[0])
        if text.strip()
        else "",
        "conclusion_href": _conclusion_path(request, state),
        "can_conclude": not role_refusal(request, Permission.ANNOTATE),
        "all_href": reverse("compare", args=[request.workspace.name]),
    }


def conclusion_items(
    request: PageRequest, conclusions: Iterable[Conclusion]
) -> list[ConclusionItem]:
    home = reverse("compare", args=[request.workspace.name])
    return [
        ConclusionItem(
            first_line(getattr(each, "beginning", "")) or _("Conclusion"),
            f"{home}?{each.query}",
            str(each.author) if each.author else "",
            each.updated,
            getattr(each, "run_count", 0),
        )
        for each in conclusions
    ]


def _conclusion_editor(request: PageRequest) -> DescriptionEditor:
    state = read_state(request.GET)
    runs = find_runs_by_id(state.runs, request.actor.user, request.workspace)
    if not runs:
        raise InvalidValue(_("Choose the runs to compare."), field="run")
    found = find_conclusion(request.workspace, [run.run_id for run in runs])
    home = reverse("compare", args=[request.workspace.name])
    first = run_path(request.workspace.name, runs[0].run_id)
    return DescriptionEditor(
        part=ELEMENT_ID,
        path=_conclusion_path(request, state),
        back=f"{home}?{state.query()}",
        stored=found.text if found else "",
        text="",
        write=lambda text, seen: set_conclusion(
            request.workspace,
            runs,
            text,
            query=state.query(),
            actor=request.actor,
            now=now_ms(),
            seen_version=seen,
        ),
        saved=lambda message: _show_saved_conclusion(request, state, runs, message),
        frame={"back": f"{home}?{state.query()}"},
        page="compare/conclusion_editor.html",
        # References without a run mean the first one, as in the rendered text.
        links=f"{first}description/known/",
    )


def _conclusion_path(request: PageRequest, state: CompareState) -> str:
    home = reverse("compare-conclusion", args=[request.workspace.name])
    return f"{home}?{state.query()}"


def _show_saved_conclusion(
    request: PageRequest, state: CompareState, runs: list[Run], message: str
) -> HttpResponse:
    undo = last_undo_href(request) if message else ""
    # An empty message means that nothing was changed.
    message = message and _("Conclusion saved")
    if not request.htmx:
        if message:
            messages.success(request, message, extra_tags=undo)
        home = reverse("compare", args=[request.workspace.name])
        return redirect(f"{home}?{state.query()}")
    card = conclusion_card_context(request, state, runs)
    response = render(request, "compare/_compare_conclusion.html", card)
    if message:
        response["HX-Trigger"] = toast_header(message, undo)
    return response
