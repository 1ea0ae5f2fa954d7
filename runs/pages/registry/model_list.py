"""Models: a table to filter, sort and page through."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import npgettext
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from runs.access import Permission, access
from runs.models import RegisteredModel
from runs.pages.filters import filter_note_context
from runs.pages.lists import (
    has_redundant_parameters,
    redirect_to_query,
    with_pushed_url,
)
from runs.pages.requests import FORM_ERROR_STATUS, PageRequest
from runs.pages.run_shell import role_refusal
from runs.render import formats
from runs.render.formats import registered_model_path
from runs.render.registry import ModelLine, ModelLink, ModelTagLink
from runs.search.registry import DEFAULT_SORT, ModelPage, ModelRow, find_models
from studio.core.errors import InvalidFilter, InvalidValue, QueryTimeout, StudioError
from studio.core.filters.fields import value_text
from studio.core.filters.registry_fields import MODEL_FIELDS
from studio.core.filters.source import FilterSource, source_or_text
from studio.core.filters.tree import TAGS, Comparison, Field, Text, attribute
from studio.core.view_spec import DEFAULT_ROWS, ROWS

#: Maximum numbers of tags and aliases in a line; the others are in a tooltip.
MAX_TAGS, MAX_ALIASES = 2, 3
PAGE, FRAGMENT = "registry/models.html", "registry/_model_table.html"


@dataclass(frozen=True)
class ModelListState:
    """The state of the table, as its address has it."""

    q: str = ""
    sort: str = DEFAULT_SORT
    rows: int = DEFAULT_ROWS
    after: str = ""
    before: str = ""

    @classmethod
    def read(cls, parameters: Mapping[str, str]) -> ModelListState:
        """Read the state; an invalid number of rows means the default."""
        rows = parameters.get("rows", "")
        return cls(
            parameters.get("q", "").strip(),
            parameters.get("sort") or DEFAULT_SORT,
            next((each for each in ROWS if str(each) == rows), DEFAULT_ROWS),
            parameters.get("after", ""),
            parameters.get("before", ""),
        )

    @property
    def has_default_sort(self) -> bool:
        return self.sort == DEFAULT_SORT

    def query(self, **changes: Any) -> str:
        """The address's query, for the first page unless a cursor is given."""
        pairs = {
            "q": self.q,
            "sort": self.sort if self.sort != DEFAULT_SORT else "",
            "rows": self.rows if self.rows != DEFAULT_ROWS else "",
            **changes,
        }
        return "?" + urlencode({key: value for key, value in pairs.items() if value})

    def own_query(self) -> str:
        return self.query(after=self.after, before=self.before)

    @cached_property
    def source(self) -> FilterSource:
        return source_or_text(self.q, MODEL_FIELDS)

    def filtered_by(self, term: Comparison, text: str = "") -> str:
        """The table filtered by one more term; a second click doesn't repeat it."""
        return self.query(q=self.source.text_requiring(term, text))


@access(Permission.READ)
@require_safe
@vary_on_headers("HX-Request")
def models_page(request: PageRequest) -> HttpResponse:
    state = ModelListState.read(request.GET.dict())
    if has_redundant_parameters(request):
        return redirect_to_query(request, state.own_query())
    try:
        found = _find_page(request, state)
    except (InvalidFilter, QueryTimeout) as error:
        if request.htmx:
            return _filter_note(request, state, error)
        return _page_with_filter_error(request, state, error)
    template = FRAGMENT if request.htmx else PAGE
    response = render(request, template, _table_context(request, *found))
    return with_pushed_url(request, response, request.path, found[0].own_query())


def _find_page(
    request: PageRequest, state: ModelListState
) -> tuple[ModelListState, ModelPage, list[InvalidValue]]:
    """Find the page without the parameters that are not valid, and name them."""
    complaints: list[InvalidValue] = []
    while True:
        try:
            return state, _find_models(request, state), complaints
        # An invalid filter can't be dropped: it would match all models.
        except InvalidFilter:
            raise
        except InvalidValue as error:
            default = _DEFAULTS.get(str(error.details.get("field")))
            # Each retry drops one parameter, so this ends.
            if default is None or len(complaints) == len(_DEFAULTS):
                raise
            complaints.append(error)
            state = replace(state, **default)


def _find_models(request: PageRequest, state: ModelListState) -> ModelPage:
    return find_models(
        request.actor.user,
        request.workspace,
        text=state.q,
        sort=state.sort,
        after=state.after,
        before=state.before,
        rows=state.rows,
    )


def _filter_note(
    request: PageRequest, state: ModelListState, error: StudioError
) -> HttpResponse:
    """Show where and why the filter is invalid; the rows stay as they are."""
    problem = filter_note_context(state.q, error, _href_of(state), rows_stay=True)
    response = render(
        request,
        "filters/_filter_note.html",
        {"problem": problem},
        status=FORM_ERROR_STATUS,
    )
    response["HX-Retarget"] = "#filter-note"
    # The address keeps the last valid filter, which the rows still show.
    response["HX-Push-Url"] = "false"
    return response


def _page_with_filter_error(
    request: PageRequest, state: ModelListState, error: StudioError
) -> HttpResponse:
    """Show the error, and the rows without the filter."""
    plain = replace(state, q="", after="", before="")
    context = _table_context(request, *_find_page(request, plain))
    problem = filter_note_context(state.q, error, _href_of(state), rows_stay=False)
    context |= {"q": state.q, "problem": {**problem, "rows_of_all": True}}
    return render(request, PAGE, context, status=error.status)


def _href_of(state: ModelListState) -> Callable[[str], str]:
    return lambda q: state.query(q=q)


#: What stands for a parameter that is not valid.
_DEFAULTS: dict[str, dict[str, Any]] = {
    "sort": {"sort": DEFAULT_SORT},
    "after": {"after": ""},
    "before": {"before": ""},
}


def _table_context(
    request: PageRequest,
    state: ModelListState,
    page: ModelPage,
    complaints: list[InvalidValue],
) -> dict[str, Any]:
    workspace = request.workspace.name
    return {
        "page": page,
        "complaints": complaints,
        "can_edit": not role_refusal(request, Permission.ANNOTATE),
        "lines": [_model_line(row, state, workspace) for row in page.rows],
        "heads": _column_heads(state),
        "state": state,
        "q": state.q,
        "sizes": ROWS,
        "has_tags": any(row.tags for row in page.rows),
        "total": _total_text(page),
        "range": _shown_range_text(page),
        "previous": state.query(before=page.before) if page.before else "",
        "next": state.query(after=page.after) if page.after else "",
    }


def _total_text(page: ModelPage) -> str:
    if page.total_is_exact:
        return formats.grouped(page.total)
    return formats.grouped(page.total - 1) + "+"


def _shown_range_text(page: ModelPage) -> str:
    noun = npgettext("after a number", "model", "models", page.total)
    return _("%(first)s–%(last)s of %(total)s %(noun)s") % {
        "first": formats.grouped(page.first),
        "last": formats.grouped(page.first + len(page.rows) - 1),
        "total": _total_text(page),
        "noun": noun,
    }


def _column_heads(state: ModelListState) -> list[dict[str, str]]:
    heads = [
        ("name", _("Name"), "name"),
        ("latest", _("Latest version"), ""),
        ("", _("Aliases"), ""),
        ("versions", _("Versions"), "number"),
        ("updated", _("Updated"), ""),
        ("registered_by", _("Registered by"), ""),
    ]
    return [_column_head(key, label, css, state) for key, label, css in heads]


def _column_head(
    key: str, label: str, css: str, state: ModelListState
) -> dict[str, str]:
    if not key:
        return {"label": label, "css": css, "order": "", "href": ""}
    order = ""
    is_down = state.sort.startswith("-")
    if state.sort.removeprefix("-") == key:
        order = "descending" if is_down else "ascending"
    # The first click sorts names from A to Z, numbers and times from the largest down.
    first = key if key in ("name", "registered_by") else f"-{key}"
    other = key if is_down else f"-{key}"
    sort = other if order else first
    href = state.query(sort=sort if sort != DEFAULT_SORT else "")
    return {"label": label, "css": css, "order": order, "href": href}


def _model_line(row: ModelRow, state: ModelListState, workspace: str) -> ModelLine:
    model = row.model
    path = registered_model_path(workspace, model.name)
    names = [f"@{name}" for name, _number in row.aliases]
    return ModelLine(
        model.pk,
        model.name,
        row.starred,
        path,
        tuple(_tag_link(state, key, value) for key, value in row.tags[:MAX_TAGS]),
        ", ".join(f"{key}: {value}" for key, value in row.tags[MAX_TAGS:]),
        _version_link(model, path),
        tuple(
            ModelLink(f"@{name}", f"{path}{number}/")
            for name, number in row.aliases[:MAX_ALIASES]
        ),
        ", ".join(names[MAX_ALIASES:]),
        model.version_count,
        model.updated,
        _member_link(state, model),
    )


def _version_link(model: RegisteredModel, path: str) -> ModelLink | None:
    if not model.latest_version:
        return None
    text = _("Version %(number)s") % {"number": model.latest_version}
    return ModelLink(text, f"{path}{model.latest_version}/")


def _tag_link(state: ModelListState, key: str, value: str) -> ModelTagLink:
    term = Comparison(Field(TAGS, key), "=", (Text(value),))
    return ModelTagLink(key, value, state.filtered_by(term))


def _member_link(state: ModelListState, model: RegisteredModel) -> ModelLink | None:
    member = model.created_by
    if member is None:
        return None
    name = Text(member.username)
    term = Comparison(attribute("registered_by"), "=", (name,))
    text = f"registered_by:{value_text(name)}"
    return ModelLink(str(member), state.filtered_by(term, text))
