"""The page *Activity*: all change sets of the workspace, filtered by its address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_safe

from runs.access import Permission, access
from runs.models import ApiToken, ChangeKind, ChangeWay, Run, now_ms
from runs.pages.activity.activity_export import export_activity
from runs.pages.activity.activity_state import ActivityState
from runs.pages.activity.entries import days_of
from runs.pages.activity.open_tasks import open_tasks
from runs.pages.requests import (
    CSV,
    JSON,
    PageRequest,
    requested_export,
    requested_format,
    with_vary_headers,
)
from runs.pages.run_shell import role_refusal
from runs.render.filters import pill_texts
from runs.render.formats import grouped
from runs.search.activity import (
    ActivityCounts,
    activity_query,
    count_activity,
    find_activity,
    newest_position,
)
from studio.core.errors import InvalidFilter, InvalidValue, QueryTimeout
from studio.core.filters import Node, parse, to_text
from studio.core.filters.tree import attribute, fields_of, terms, without_term

#: Seconds between two looks for new changes.
REFRESH_SECONDS = 5
KIND_LABELS: dict[str, str | Promise] = {
    ChangeKind.TAG: pgettext_lazy("kind of change", "Tag"),
    ChangeKind.RENAME: pgettext_lazy("kind of change", "Rename"),
    ChangeKind.DESCRIBE: pgettext_lazy("kind of change", "Description"),
    ChangeKind.COMMENT: pgettext_lazy("kind of change", "Comment"),
    ChangeKind.ARCHIVE: pgettext_lazy("kind of change", "Archive, move"),
    ChangeKind.DELETE: pgettext_lazy("kind of change", "Delete, restore"),
    ChangeKind.STATUS: pgettext_lazy("kind of change", "Status"),
    ChangeKind.LOCK: pgettext_lazy("kind of change", "Lock"),
    ChangeKind.STAR: pgettext_lazy("kind of change", "Star"),
    ChangeKind.VIEW: pgettext_lazy("kind of change", "View"),
    ChangeKind.MODEL: pgettext_lazy("kind of change", "Model"),
    ChangeKind.COMPUTE: pgettext_lazy("kind of change", "Compute"),
    ChangeKind.FILE: pgettext_lazy("kind of change", "Files"),
    ChangeKind.MEMBERS: pgettext_lazy("kind of change", "Members, tokens"),
    ChangeKind.OTHER: pgettext_lazy("kind of change", "Other"),
    "undo": pgettext_lazy("kind of change", "Undo, redo"),
}
WAY_LABELS: dict[str, str | Promise] = {
    ChangeWay.BROWSER: gettext_lazy("Browser"),
    ChangeWay.REST: "REST",
    ChangeWay.SDK: "SDK",
    ChangeWay.CLI: "CLI",
    ChangeWay.MLFLOW: gettext_lazy("MLflow client"),
    ChangeWay.SERVER: gettext_lazy("Server"),
}
PERIODS = (
    ("", gettext_lazy("Any time")),
    ("-1d", gettext_lazy("Last 24 hours")),
    ("-7d", gettext_lazy("Last 7 days")),
    ("-30d", gettext_lazy("Last 30 days")),
)


@dataclass(frozen=True)
class FacetChoice:
    key: str
    label: str
    href: str
    is_chosen: bool
    count: int
    initials: str = ""


@dataclass(frozen=True)
class FilterPill:
    label: str
    value: str
    without: str


@access(Permission.READ)
@require_safe
def activity_page(request: PageRequest) -> HttpResponseBase:
    state = ActivityState.read(request.GET)
    form = requested_export(request)
    accepted = requested_format(request)
    if accepted in (CSV, JSON):
        form = "json" if accepted == JSON else "csv"
    if form:
        return export_activity(request, state, form)
    context = activity_context(request, state)
    name = "_activity.html" if request.htmx else "activity.html"
    return with_vary_headers(render(request, f"activity/{name}", context))


def activity_context(request: PageRequest, state: ActivityState) -> dict[str, Any]:
    path = reverse("activity", args=[request.workspace.name])
    context: dict[str, Any] = {
        "state": state,
        "path": path,
        "here": state.href(path),
        "kept": [pair for pair in state.pairs() if pair[0] != "q"],
        "pills": _pills(request, state, path),
        "periods": _periods(state, path),
        "current_href": state.toggled_current().href(path),
        "csv": state.href(path, format="csv"),
        "json": state.href(path, format="json"),
        "atom": state.href(reverse("activity-atom", args=[request.workspace.name])),
        "pace": REFRESH_SECONDS,
        "can_annotate": not role_refusal(request, Permission.ANNOTATE),
    }
    try:
        query = activity_query(
            state.wanted, request.actor.user, request.workspace, now=now_ms()
        )
        # First, so that no change is left out between it and the page.
        newest = newest_position(request.workspace)
        page, counts = find_activity(query, after=state.after), count_activity(query)
    except (InvalidFilter, InvalidValue, QueryTimeout) as error:
        return {**context, "problem": error.message}
    news = reverse("activity-news", args=[request.workspace.name])
    tasks = open_tasks(request, state)
    return {
        **context,
        "tasks": tasks,
        # What a task has changed so far is in its own line.
        "days": days_of(request, page, {row.task.change_set_id for row in tasks}),
        "total": grouped(counts.total) + ("" if counts.is_exact else "+"),
        "total_number": counts.total,
        "counts": counts,
        "facets": _facets(request, state, counts, path),
        "older": state.href(path, after=page.after) if page.after else "",
        "searched_to": page.searched_to,
        "newest": state.href(path) if state.after else "",
        "news": "" if state.after else state.href(news, since=newest),
    }


def _facets(
    request: PageRequest, state: ActivityState, counts: ActivityCounts, path: str
) -> list[tuple[str, str, list[FacetChoice]]]:
    wanted, me = state.wanted, request.actor.user
    members = [
        FacetChoice(
            f"member-{user.pk}",
            _("You") if user.pk == me.pk else str(user),
            state.toggled("members", user.username).href(path),
            user.username in wanted.members,
            n,
            user.initials,
        )
        for user, n in sorted(
            counts.members.items(), key=lambda each: each[0].pk != me.pk
        )
    ]
    return [
        ("member", _("Member"), members),
        (
            "kind",
            _("Change"),
            _choices(state, path, "kinds", KIND_LABELS, wanted.kinds, counts.kinds),
        ),
        (
            "way",
            _("Made with"),
            _choices(state, path, "ways", WAY_LABELS, wanted.ways, counts.ways),
        ),
    ]


def _choices(
    state: ActivityState,
    path: str,
    name: str,
    labels: dict[str, str | Promise],
    chosen: Sequence[str],
    counts: Any,
) -> list[FacetChoice]:
    return [
        FacetChoice(
            f"{name}-{value}",
            str(label),
            state.toggled(name, str(value)).href(path),
            value in chosen,
            counts.get(value, 0),
        )
        for value, label in labels.items()
        if counts.get(value) or value in chosen
    ]


def _pills(request: PageRequest, state: ActivityState, path: str) -> list[FilterPill]:
    wanted = state.wanted
    pills = []
    node = _parse(wanted.q)
    for term in terms(node):
        rest = without_term(node, term)
        label, value = pill_texts(term)
        pills.append(FilterPill(label, value, state.with_q(to_text(rest)).href(path)))
    if wanted.token is not None:
        token = ApiToken.objects.filter(
            workspace=request.workspace, pk=wanted.token
        ).first()
        name = token.name if token else str(wanted.token)
        pills.append(FilterPill(_("Token"), name, state.without("token").href(path)))
    if wanted.run:
        rows = Run.objects.in_workspace(request.workspace).filter(run_id=wanted.run)
        name = rows.values_list("name", flat=True).first() or wanted.run
        pills.append(FilterPill(_("Run"), name, state.without("run").href(path)))
    if wanted.experiment:
        pills.append(
            FilterPill(
                _("Experiment"),
                wanted.experiment,
                state.without("experiment").href(path),
            )
        )
    return pills


def _periods(state: ActivityState, path: str) -> list[tuple[str, str, bool]]:
    """Links that replace the term `changed` of the filter."""
    rest: Node | None
    node = rest = _parse(state.wanted.q)
    current = ""
    for term in terms(node):
        if fields_of(term) == {attribute("changed")}:
            rest, current = without_term(rest, term), to_text(term)
    kept = to_text(rest)
    found = []
    for value, label in PERIODS:
        term_text = f"changed:{value}" if value else ""
        q = " and ".join(part for part in (kept, term_text) if part)
        is_here = to_text(_parse(term_text)) == current
        found.append((str(label), state.with_q(q).href(path), is_here))
    return found


def _parse(q: str) -> Node | None:
    """The filter, or nothing for a wrong one, which the page reports."""
    try:
        return parse(q)
    except InvalidFilter:
        return None
