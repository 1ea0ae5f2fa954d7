"""The page *Activity*: all change sets of the workspace, filtered by its address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

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
from runs.pages.lists import ACTIVITY_PREFIX
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
    count_changed_runs,
    find_activity,
    newest_position,
)
from studio.core.errors import InvalidFilter, InvalidValue, QueryTimeout
from studio.core.filters import Node, parse, to_text
from studio.core.filters.tree import (
    Comparison,
    Text,
    all_of,
    attribute,
    fields_of,
    terms,
    without_term,
)

_CHANGED, _CHANGED_BY = attribute("changed"), attribute("changed_by")
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
    tone: int = 0


@dataclass(frozen=True)
class FilterPill:
    label: str
    value: str
    without: str
    #: The address of the editor of this term of the filter.
    edit: str = ""


@dataclass(frozen=True)
class TimePill:
    """The time of the changes: which one, and the others to choose from."""

    value: str
    without: str
    #: The editor, for any other time.
    edit: str
    periods: Sequence[tuple[str, str, bool]]


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
        "time": _time_pill(request, state, path),
        "add_filter": _editor_address(request, state),
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
        changed_runs = count_changed_runs(query)
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
        "changed_runs": changed_runs,
        "runs_href": _runs_href(request, state),
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
            user.tone,
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
    time = _time_term(terms(node))
    for number, term in enumerate(terms(node)):
        if number == time:
            continue
        rest = without_term(node, term)
        label, value = pill_texts(term)
        href = state.with_q(to_text(rest)).href(path)
        edit = _editor_address(request, state, term=str(number))
        pills.append(FilterPill(label, value, href, edit))
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


def _time_pill(request: PageRequest, state: ActivityState, path: str) -> TimePill:
    """The term `changed` of the filter, with links that replace it."""
    node = _parse(state.wanted.q)
    number = _time_term(terms(node))
    if number is None:
        rest, current, value = node, "", _("Any time")
        edit = _editor_address(request, state, field="changed")
    else:
        term = terms(node)[number]
        rest, current = without_term(node, term), to_text(term)
        value = pill_texts(term)[1]
        edit = _editor_address(request, state, term=str(number))
    kept, periods = to_text(rest), []
    for term_value, label in PERIODS:
        term_text = f"changed:{term_value}" if term_value else ""
        q = " and ".join(part for part in (kept, term_text) if part)
        is_here = to_text(_parse(term_text)) == current
        periods.append((str(label), state.with_q(q).href(path), is_here))
    without = "" if number is None else state.with_q(kept).href(path)
    return TimePill(value, without, edit, periods)


def _time_term(found: Sequence[Node]) -> int | None:
    """The index of the last term that is of the time of changes alone."""
    of_time = {_CHANGED}
    numbers = [n for n, term in enumerate(found) if fields_of(term) == of_time]
    return numbers[-1] if numbers else None


def _runs_href(request: PageRequest, state: ActivityState) -> str:
    """The list of all runs that the shown changes are of; empty if no filter finds it.

    A list finds the runs with a change of one time, or by some members. Both would find
    runs that others changed at that time too.
    """
    wanted = state.wanted
    found = terms(_parse(wanted.q))
    of_one = [fields_of(term) for term in found]
    others = (wanted.kinds, wanted.ways, wanted.token, wanted.run, wanted.experiment)
    if any(others) or wanted.is_current or len(found) + bool(wanted.members) > 1:
        return ""
    if any(each not in ({_CHANGED}, {_CHANGED_BY}) for each in of_one):
        return ""
    node: Node = Comparison(_CHANGED, "is not null")
    if found:
        node = found[0]
    elif wanted.members:
        node = Comparison(_CHANGED_BY, "in", tuple(map(Text, wanted.members)))
    deleted = parse("deleted:true or deleted:false")
    q = to_text(all_of(node, *([deleted] if deleted else [])))
    query = urlencode({"q": q, "children": "1", "archived": "1"})
    return f"{reverse('run-list', args=[request.workspace.name])}?{query}"


def _editor_address(request: PageRequest, state: ActivityState, **more: str) -> str:
    """The editor of filters, which comes back to the same choices of the activity."""
    kept = urlencode([pair for pair in state.pairs() if pair[0] != "q"])
    query = {"q": state.wanted.q, "in": f"{ACTIVITY_PREFIX}{kept}", **more}
    path = reverse("list-filter", args=[request.workspace.name])
    return f"{path}?{urlencode(query)}"


def _parse(q: str) -> Node | None:
    """The filter, or nothing for a wrong one, which the page reports."""
    try:
        return parse(q)
    except InvalidFilter:
        return None
