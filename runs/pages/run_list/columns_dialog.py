"""The dialog that picks and orders the columns of a list, or a page of its own.

The form has the whole state: `shown` are the columns in order, `had` those whose box
was checked when it was rendered, and `pick` those whose box is checked now.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, npgettext
from django.views.decorators.http import require_safe

from runs.access import Permission, access
from runs.pages.lists import (
    ListScope,
    ListState,
    default_columns,
    list_columns,
    read_part_state,
    with_name_column,
)
from runs.pages.requests import PageRequest, with_vary_headers
from runs.render import formats
from runs.render.filters import aggregate_label, field_label
from runs.render.run_list import ColumnBox
from runs.search.run_list import FieldList, ListedField, list_fields
from studio.core.errors import InvalidFilter
from studio.core.filters import Field, tree
from studio.core.filters.fields import field_text
from studio.core.view_spec import DEFAULT_COLUMNS, Column, ViewSpec, without_parameter
from studio.core.view_text import MAX_ITEMS, join_with_commas, read_columns

NAME = Column(tree.attribute("name"))
MAX_FIND_CHARS = 250
#: The parameters of the form; all others belong to the list.
FORM_PARAMETERS = ("shown", "had", "pick", "up", "down", "remove", "done")


@dataclass(frozen=True)
class ColumnGroup:
    title: str
    boxes: tuple[ColumnBox, ...]
    more: str


@access(Permission.READ)
@require_safe
def edit_columns(request: PageRequest) -> HttpResponse:
    state = read_part_state(request)
    shown, spec = list_columns(state), state.spec
    parameters = request.GET
    if any(name in parameters for name in FORM_PARAMETERS):
        shown = _apply_form_changes(request, shown)
        # The default columns stay out of the address, so that they follow new metrics.
        kept = () if shown == default_columns(state) else shown
        spec = spec.changed(columns=kept or DEFAULT_COLUMNS, has_columns=bool(kept))
        if "done" in parameters:
            return HttpResponseRedirect(state.scope.address_of(spec))
        # Without a script, an address with the form's parameters would apply them at
        # each reload.
        if not request.htmx:
            return HttpResponseRedirect(
                _dialog_address(state.scope, spec, request.path)
            )
    template = (
        "run_list/_column_dialog.html" if request.htmx else "run_list/columns.html"
    )
    context = _dialog_context(request, state.with_spec(spec), shown)
    return with_vary_headers(render(request, template, context))


def _dialog_address(scope: ListScope, spec: ViewSpec, path: str) -> str:
    parts = [spec.to_query(), f"in={scope.number}" if scope.number else ""]
    query = "&".join(filter(None, parts))
    return f"{path}?{query}"


def _apply_form_changes(
    request: PageRequest, shown: tuple[Column, ...]
) -> tuple[Column, ...]:
    """Return the columns of the form; the name is always first."""
    parameters = request.GET
    had, pick = (
        _read_columns(parameters.getlist("had")),
        _read_columns(parameters.getlist("pick")),
    )
    if "shown" in parameters:
        shown = _read_columns(parameters.getlist("shown"))
    # Browsers don't send cleared boxes, and a search shows only some of the boxes.
    removed = {c.field for c in had} - {c.field for c in pick}
    removed |= {column.field for column in _read_columns(parameters.getlist("remove"))}
    here = {column.field for column in shown}
    found = [c for c in shown if c.field not in removed]
    found += [c for c in pick if c.field not in here]
    for step, name in ((-1, "up"), (1, "down")):
        for column in _read_columns(parameters.getlist(name)):
            _move_column(found, column.field, step)
    name_first = [c for c in found if c.field == NAME.field]
    rest = [c for c in found if c.field != NAME.field]
    return with_name_column((*name_first, *rest)[:MAX_ITEMS])


def _read_columns(items: Iterable[str]) -> tuple[Column, ...]:
    return read_columns(",".join(items))


def _move_column(found: list[Column], moved: Field, step: int) -> None:
    places = [n for n, column in enumerate(found) if column.field == moved]
    for place in places:
        # The name stays where it is.
        if 0 < place + step < len(found):
            found.insert(place + step, found.pop(place))


def _dialog_context(
    request: PageRequest, state: ListState, shown: Sequence[Column]
) -> dict[str, Any]:
    scope, spec = state.scope, state.spec
    part = request.GET.get("find", "").strip()[:MAX_FIND_CHARS]
    fields = _fields_to_pick(state, part)
    chosen = {column.field for column in shown}
    groups = _column_groups(fields, part, chosen)
    matching = sum(len(each.boxes) for each in groups)
    matching += sum(fields.more.values())
    # Without chosen columns, these are the default ones.
    default = default_columns(state) if spec.has_columns else shown
    kept = spec.changed().parameters()
    kept.pop("columns", None)
    return {
        "scope": scope,
        "path": reverse("list-columns", args=[request.workspace.name]),
        "state": [*kept.items(), *([("in", scope.number)] if scope.number else [])],
        "find": part,
        "groups": groups,
        "count": _field_count_text(matching, fields.total, part),
        "nothing": not matching,
        "exact": fields.exact,
        "shown": [(str(column), field_label(column.field)) for column in shown],
        "default": join_with_commas(default),
        "default_shown": [(str(each), field_label(each.field)) for each in default],
        "default_href": scope.address_of(without_parameter(spec.changed(), "columns")),
        "back_href": scope.address_of(spec),
    }


def _fields_to_pick(state: ListState, part: str) -> FieldList:
    """Find the fields to pick; with an invalid filter, those of all runs."""
    spec, who = state.spec, (state.viewer, state.workspace)
    try:
        return list_fields(spec, *who, experiment=state.experiment, part=part)
    except InvalidFilter:
        spec = spec.changed(q="")
        return list_fields(spec, *who, experiment=state.experiment, part=part)


def _field_count_text(matching: int, total: int, part: str) -> str:
    everything = formats.grouped(total)
    if not part:
        return ngettext("%s field", "%s fields", total) % everything
    return _("%(some)s of %(all)s fields") % {
        "some": formats.grouped(matching),
        "all": everything,
    }


def _column_groups(
    fields: FieldList, part: str, chosen: set[Field]
) -> list[ColumnGroup]:
    titles = {
        tree.METRICS: _("Metrics"),
        tree.PARAMS: _("Parameters"),
        tree.TAGS: _("Tags"),
        tree.PROPERTIES: _("Properties"),
        tree.ATTRIBUTE: _("Fields"),
    }
    # Without a search, keys can fill the dialog and would push the fields out of sight.
    order = titles if part else {tree.ATTRIBUTE: titles[tree.ATTRIBUTE], **titles}
    groups = [
        ColumnGroup(
            title,
            _column_boxes(fields.found[kind], part, chosen),
            _hidden_fields_text(fields, kind),
        )
        for kind, title in order.items()
    ]
    return [group for group in groups if group.boxes]


def _hidden_fields_text(fields: FieldList, kind: str) -> str:
    more = fields.more.get(kind, 0)
    return (
        _("%s more. Search for them by name.") % formats.grouped(more) if more else ""
    )


def _column_boxes(
    listed: Sequence[ListedField], part: str, chosen: set[Field]
) -> tuple[ColumnBox, ...]:
    found, notes = [], _FieldNotes()
    for each in listed:
        label = each.field.key
        if each.field.kind in (tree.ATTRIBUTE, tree.CHILDREN):
            label = field_label(each.field)
            # The database searched keys by name; labels are translated, so they are
            # searched here.
            if part.lower() not in f"{label} {field_text(each.field)}".lower():
                continue
        found.append(
            ColumnBox(
                field_text(each.field),
                field_label(each.field),
                _split_at_match(label, part),
                notes.note_of(each),
                each.field in chosen,
            )
        )
    return tuple(found)


class _FieldNotes:
    """Notes on fields. Many fields have the same counts, and few aggregates."""

    def __init__(self) -> None:
        self._aggregates: dict[str, str] = {}
        self._counts: dict[int, str] = {}

    def note_of(self, listed: ListedField) -> str:
        aggregate, runs = listed.field.aggregate, listed.runs
        if aggregate not in self._aggregates:
            self._aggregates[aggregate] = aggregate_label(aggregate)
        label = self._aggregates[aggregate]
        if runs is None:
            return label
        if runs not in self._counts:
            text = npgettext("column dialog", "in %s run", "in %s runs", runs)
            self._counts[runs] = text % formats.grouped(runs)
        return f"{label}, {self._counts[runs]}" if aggregate else self._counts[runs]


def _split_at_match(label: str, part: str) -> tuple[str, str, str]:
    start = label.lower().find(part.lower()) if part else -1
    if start < 0:
        return label, "", ""
    end = start + len(part)
    return label[:start], label[start:end], label[end:]
