"""All experiments: a table to filter, sort and page through."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import npgettext
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from runs.access import Permission, access
from runs.models import Run
from runs.pages.experiments.tray import tray_actions
from runs.pages.lists import (
    experiments_response,
    has_redundant_parameters,
    redirect_to_query,
    with_pushed_url,
)
from runs.pages.requests import FORM_ERROR_STATUS, PageRequest, requested_format
from runs.pages.run_shell import role_refusal
from runs.render import formats
from runs.render.experiments import (
    ExperimentLine,
    LatestRun,
    StatusCount,
    TagLink,
)
from runs.render.formats import experiment_path, run_path
from runs.search.experiments import ExperimentPage, ExperimentRow, find_experiments
from studio.core.errors import InvalidValue
from studio.core.filters.fields import to_text
from studio.core.filters.source import FilterSource, source_or_text
from studio.core.filters.tree import (
    TAGS,
    And,
    Comparison,
    Field,
    Flag,
    Text,
    attribute,
)
from studio.core.statuses import GROUPS, RunStatus
from studio.core.view_spec import DEFAULT_ROWS, ROWS

DEFAULT_SORT = "-activity"
TRASH_FILTER = "deleted:true"
TRASH_QUERY = "?" + urlencode({"q": TRASH_FILTER})
#: Maximum number of tags in a line; the others are counted.
MAX_TAGS = 2


@dataclass(frozen=True)
class ExperimentListState:
    """The state of the table, as its address has it."""

    q: str = ""
    sort: str = DEFAULT_SORT
    rows: int = DEFAULT_ROWS
    archived: bool = False
    page: int = 1

    @classmethod
    def read(cls, parameters: Mapping[str, str]) -> ExperimentListState:
        """Read the state; invalid numbers of rows or pages mean the default."""
        rows, page = parameters.get("rows", ""), parameters.get("page", "")
        return cls(
            parameters.get("q", "").strip(),
            parameters.get("sort") or DEFAULT_SORT,
            next((each for each in ROWS if str(each) == rows), DEFAULT_ROWS),
            parameters.get("archived") == "1",
            int(page) if page.isascii() and page.isdigit() and len(page) < 9 else 1,
        )

    @property
    def has_default_sort(self) -> bool:
        return self.sort == DEFAULT_SORT

    @property
    def is_trash(self) -> bool:
        return self.q == TRASH_FILTER

    @cached_property
    def source(self) -> FilterSource:
        return source_or_text(self.q)

    def query(self, **changes: Any) -> str:
        """The address's query, for the first page unless `page` is given."""
        pairs = {
            "q": self.q,
            "sort": self.sort if self.sort != DEFAULT_SORT else "",
            "rows": self.rows if self.rows != DEFAULT_ROWS else "",
            "archived": "1" if self.archived else "",
            **changes,
        }
        return "?" + urlencode({key: value for key, value in pairs.items() if value})


def experiment_table_context(
    page: ExperimentPage,
    state: ExperimentListState,
    workspace: str,
    *,
    can_edit: bool,
) -> dict[str, Any]:
    return {
        "page": page,
        "can_edit": can_edit,
        "lines": [_experiment_line(row, state, workspace) for row in page.rows],
        "heads": _column_heads(state),
        "state": state,
        "q": state.q,
        "sizes": ROWS,
        "has_tags": any(row.tags for row in page.rows),
        "range": _shown_range_text(page, state),
        "previous": state.query(page=page.page - 1) if page.page > 1 else "",
        "next": state.query(page=page.page + 1) if page.page < page.pages else "",
        "with_archived": state.query(archived="1"),
        "trash_href": "" if state.is_trash else TRASH_QUERY,
        "here": reverse("experiments", args=[workspace])
        + state.query(page=page.page if page.page > 1 else ""),
        "tray": tray_actions(
            workspace, is_trash=state.is_trash, archived=state.archived
        ),
    }


def _shown_range_text(page: ExperimentPage, state: ExperimentListState) -> str:
    first = (page.page - 1) * state.rows + 1
    last = first + len(page.rows) - 1
    noun = npgettext("after a number", "experiment", "experiments", page.total)
    return _("%(first)s–%(last)s of %(total)s %(noun)s") % {
        "first": formats.grouped(first),
        "last": formats.grouped(last),
        "total": formats.grouped(page.total),
        "noun": noun,
    }


def _column_heads(state: ExperimentListState) -> list[dict[str, str]]:
    heads = [
        ("name", _("Experiment"), "name"),
        ("runs", _("Runs"), "children"),
        ("latest", _("Latest run"), "latest"),
        ("submitter", _("Submitted by"), ""),
        ("activity", _("Last activity"), ""),
        ("created", _("Created"), ""),
    ]
    return [_column_head(key, label, css, state) for key, label, css in heads]


def _column_head(
    key: str, label: str, css: str, state: ExperimentListState
) -> dict[str, str]:
    order = ""
    is_down = state.sort.startswith("-")
    if state.sort.removeprefix("-") == key:
        order = "descending" if is_down else "ascending"
    # The first click sorts names from A to Z, numbers and times from the largest down.
    first = key if key in ("name", "submitter") else f"-{key}"
    other = key if is_down else f"-{key}"
    sort = other if order else first
    href = state.query(sort=sort if sort != DEFAULT_SORT else "")
    return {"label": label, "css": css, "order": order, "href": href}


def _experiment_line(
    row: ExperimentRow, state: ExperimentListState, workspace: str
) -> ExperimentLine:
    experiment, latest = row.experiment, row.latest
    path = experiment_path(workspace, experiment.number, experiment.name)
    submitter = latest.submitter if latest else None
    # By number, because a name need not fit a path.
    own = f"/w/{workspace}/experiments/~{experiment.number}/"
    is_deleted = experiment.deleted is not None
    return ExperimentLine(
        experiment.pk,
        experiment.number,
        experiment.name,
        experiment.archived is not None,
        row.starred,
        # An experiment in the trash has no page, but its runs can be listed.
        _deleted_runs_path(workspace, experiment.name) if is_deleted else path,
        own,
        tuple(_tag_link(state, key, value) for key, value in row.tags[:MAX_TAGS]),
        ", ".join(_tag_text(*tag) for tag in row.tags[MAX_TAGS:]),
        tuple(_status_counts(row.counts, path)),
        _latest_run(latest, workspace) if latest else None,
        str(submitter) if submitter else "",
        _href_filtered_by_value(state, attribute("submitter"), submitter.username)
        if submitter
        else "",
        row.activity,
        experiment.created,
        is_deleted,
    )


def _deleted_runs_path(workspace: str, name: str) -> str:
    own = Comparison(attribute("experiment"), "=", (Text(name),))
    deleted = Comparison(attribute("deleted"), "=", (Flag(True),))
    query = urlencode({"q": to_text(And((own, deleted))), "children": "1"})
    return f"/w/{workspace}/runs/?{query}"


def _latest_run(run: Run, workspace: str) -> LatestRun:
    return LatestRun(run.name, run.state.value, run_path(workspace, run.run_id))


def _status_counts(counts: Mapping[RunStatus, int], path: str) -> Iterator[StatusCount]:
    """Yield the groups of statuses that runs have, each with a link to its runs."""
    for group, members in GROUPS.items():
        total = sum(counts.get(member, 0) for member in members)
        if total:
            word = group if len(members) == 1 else group.lower()
            # The counts include child runs, so the linked list must show them too.
            query = urlencode({"q": f"status = {word}", "children": "1"})
            label = formats.status_label(group)
            yield StatusCount(label, word, total, f"{path}?{query}")


def tag_links(tags: Mapping[str, str | None]) -> list[dict[str, str | None]]:
    """Return tags with links to the experiments that have them."""
    state = ExperimentListState()
    return [
        {"key": key, "value": value, "href": _tag_link(state, key, value).href}
        for key, value in tags.items()
    ]


def _tag_link(state: ExperimentListState, key: str, value: str | None) -> TagLink:
    field = Field(TAGS, key)
    if value is None:
        return TagLink(
            "", key, _href_filtered_by_term(state, Comparison(field, "is not null"))
        )
    return TagLink(key, value, _href_filtered_by_value(state, field, value))


def _tag_text(key: str, value: str | None) -> str:
    return key if value is None else f"{key}: {value}"


def _href_filtered_by_value(state: ExperimentListState, field: Field, text: str) -> str:
    return _href_filtered_by_term(state, Comparison(field, "=", (Text(text),)))


def _href_filtered_by_term(state: ExperimentListState, term: Comparison) -> str:
    """Link to the table filtered by the term too; a second click doesn't repeat it."""
    return state.query(q=state.source.text_requiring(term))


@access(Permission.READ)
@require_safe
# One address has the page, its fragment, and the formats for scripts.
@vary_on_headers("HX-Request", "Accept")
def experiments_page(request: PageRequest) -> HttpResponse:
    state = ExperimentListState.read(request.GET.dict())
    kind = requested_format(request)
    complaints: list[InvalidValue] = []
    if has_redundant_parameters(request) and not kind:
        place = state.page if state.page > 1 else ""
        return redirect_to_query(request, state.query(page=place))
    try:
        page = _find_page(request, state)
    except InvalidValue as error:
        field = error.details.get("field")
        if kind or field not in ("q", "sort"):
            raise
        if field == "q":
            return _page_with_filter_error(request, state, error)
        # Named in a notice; the rest of the address is followed.
        complaints, state = [error], replace(state, sort=DEFAULT_SORT)
        page = _find_page(request, state)
    can_edit = not role_refusal(request, Permission.ANNOTATE)
    context = experiment_table_context(
        page, state, request.workspace.name, can_edit=can_edit
    )
    context["complaints"] = complaints
    if kind:
        neighbors = {"prev": context["previous"], "next": context["next"]}
        return experiments_response(request, kind, page, neighbors)
    template = (
        "experiments/_experiment_table.html"
        if request.htmx
        else "experiments/experiments.html"
    )
    response = render(request, template, context)
    return with_pushed_url(request, response, request.path, state.query())


def _find_page(request: PageRequest, state: ExperimentListState) -> ExperimentPage:
    return find_experiments(
        request.actor.user,
        request.workspace,
        text=state.q,
        sort=state.sort,
        page=state.page,
        rows=state.rows,
        archived=state.archived,
    )


def _page_with_filter_error(
    request: PageRequest, state: ExperimentListState, error: InvalidValue
) -> HttpResponse:
    """Show that the filter names fields that experiments don't have."""
    context = experiment_table_context(
        ExperimentPage((), 0, 1, 1), state, request.workspace.name, can_edit=False
    )
    template = (
        "experiments/_experiment_table.html"
        if request.htmx
        else "experiments/experiments.html"
    )
    # htmx swaps in a response with this status, and no other error.
    status = FORM_ERROR_STATUS if request.htmx else error.status
    context["problem"] = error.message
    return render(request, template, context, status=status)
