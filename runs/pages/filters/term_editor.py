"""The editor of one term of the filter: the popover of a pill, or a page of its own.

It takes the query string of the list. `term` is the index of the term in the filter,
`field` the field of a new term; without both, it lists the fields to filter by. With
`apply`, it redirects to the list with the new filter. Filters are addresses, so it
only uses GET.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from runs.access import Permission, access
from runs.pages.filters.term_choices import (
    field_menu_options,
    list_filter_fields,
    value_choices,
)
from runs.pages.filters.term_form import (
    CHOICES,
    UNITS,
    TermDraft,
    date_input_type,
    draft_of_form,
    draft_of_term,
    operators_of,
)
from runs.pages.lists import (
    ListState,
    normalize_line_breaks,
    read_filtered_scope,
    read_state_tolerantly,
)
from runs.pages.requests import FORM_ERROR_STATUS, PageRequest, with_vary_headers
from runs.render.filters import operator_label, pill_texts
from runs.search.filters import FacetReader
from studio.core.errors import InvalidFilter, InvalidValue, StudioError
from studio.core.filters import Field, Node, field_text, fields, parse, parse_field
from studio.core.filters.source import FilterSource, FilterText
from studio.core.filters.tree import Comparison


@access(Permission.READ)
@require_safe
def edit_filter(request: PageRequest) -> HttpResponse:
    # Without a script, the browser changed line breaks of the filter.
    is_form = not request.htmx and {"apply", "again"} & request.GET.keys()
    parameters = normalize_line_breaks(request.GET) if is_form else request.GET
    state = read_state_tolerantly(request, read_filtered_scope(request), parameters)
    try:
        source = state.spec.source
    except InvalidFilter:
        # The list shows the error below its box; a single term can't be edited here.
        return redirect(f"{state.scope.path}?{state.spec.to_query()}")
    return _TermEditor(request, state, source).respond()


class _TermEditor:
    def __init__(
        self, request: PageRequest, state: ListState, source: FilterSource
    ) -> None:
        self.request, self.state, self.source = request, state, source
        self.spec, self.scope, self.parameters = (
            state.spec,
            state.scope,
            state.parameters,
        )
        word = self.parameters.get("term", "")[:4]
        number = int(word) if word.isascii() and word.isdigit() else -1
        self.number = number if 0 <= number < len(source.terms) else -1
        self.error = ""

    @property
    def edited_term(self) -> Node | None:
        return None if self.number < 0 else self.source.nodes[self.number]

    def respond(self) -> HttpResponse:
        text = self.parameters.get("text")
        field = self._read_field()
        if self.edited_term is None and field is None and text is None:
            return self._show_fragment(
                "filters/_filter_fields.html", self._field_list_context()
            )
        if text is not None:
            return self._edit_as_text(text)
        old = None if self.edited_term is None else draft_of_term(self.edited_term)
        if field is None and old is None:
            return self._edit_as_text(None)
        draft = self._read_draft(field, old)
        if "apply" in self.parameters:
            try:
                return self._redirect_with_term(draft.to_term())
            except InvalidValue as error:
                self.error = error.message
        return self._show_fragment(
            "filters/_filter_editor.html", self._term_form_context(draft)
        )

    def _read_field(self) -> Field | None:
        name = self.parameters.get("field", "")
        if not name:
            return None
        try:
            field = parse_field(name)
        except InvalidFilter:
            return None
        return field if fields.spec_of(field).filterable else None

    def _read_draft(self, field: Field | None, old: TermDraft | None) -> TermDraft:
        if field is None:
            assert old is not None
            return old
        values, units = (
            self.parameters.getlist("value"),
            self.parameters.getlist("unit"),
        )
        # Another field was chosen, and the old one's operator and values don't fit it.
        if self.parameters.get("was", "") not in ("", field_text(field)):
            return draft_of_form(field, "", (), ())
        draft = draft_of_form(field, self.parameters.get("op", ""), values, units)
        is_same = old is not None and old.field == field
        return replace(draft, known=old.known) if is_same and old else draft

    def _edit_as_text(self, text: str | None) -> HttpResponse:
        """Edit a term as text, if the form can't express it."""
        if text is None:
            text = self.source.text_of_term(self.number)
        elif "apply" in self.parameters:
            try:
                node = parse(text)
                if node is None:
                    return self._redirect_to_list(
                        self.source.text_without_terms(self.number)
                    )
                return self._redirect_with_term(node, text.strip())
            except InvalidFilter as error:
                self.error = error.message
        context = {"text": text, "title": _("Edit filter")}
        return self._show_fragment(
            "filters/_filter_editor.html", self._shared_context() | context
        )

    def _redirect_with_term(self, node: Node, text: str = "") -> HttpResponse:
        if self.number >= 0:
            return self._redirect_to_list(
                self.source.text_with_replaced_term(self.number, node, text)
            )
        # What was typed keeps its spelling; a term of the form replaces its opposite.
        q = (
            self.source.text_with_added_term(node, text)
            if text
            else self.source.text_with_term(node)
        )
        return self._redirect_to_list(q)

    def _redirect_to_list(self, q: str) -> HttpResponse:
        return redirect(self.scope.address_of(self.spec.changed(q=q)))

    @cached_property
    def _facet_reader(self) -> FacetReader:
        # Counts must not depend on the edited term, or only its own values would have
        # runs.
        rest = (
            self.source.source_without_terms(self.number)
            if self.number >= 0
            else self.source
        )
        return FacetReader(
            self.spec.changed(q=FilterText.of_source(rest)),
            self.state.viewer,
            self.state.workspace,
            experiment=self.scope.experiment,
            now=self.state.now,
        )

    def _field_list_context(self) -> dict[str, Any]:
        find = self.parameters.get("find", "").strip()[:100]
        groups = list_filter_fields(self._facet_reader, find)
        return self._shared_context() | {
            "title": _("Add filter"),
            "find": find,
            "groups": [
                (
                    title,
                    [
                        (name, label, note, self._href_with_field(name))
                        for name, label, note in rows
                    ],
                )
                for title, rows in groups
            ],
        }

    def _href_with_field(self, name: str) -> str:
        query = self.parameters.copy()
        query.pop("find", None)
        query["field"] = name
        return f"{self.request.path}?{query.urlencode()}"

    def _term_form_context(self, draft: TermDraft) -> dict[str, Any]:
        kind = fields.value_type(draft.field)
        context: dict[str, Any] = {
            "title": self._editor_title(draft),
            "draft": draft,
            "field_name": field_text(draft.field),
            "field_groups": field_menu_options(self._facet_reader, draft.field),
            "operators": [
                (op, operator_label(op, kind)) for op in operators_of(draft.field)
            ],
            "units": list(UNITS),
            "inputs": _value_inputs(draft),
            "date_type": date_input_type(draft),
            "zone_now": timezone.get_current_timezone_name(),
            "find": self.parameters.get("find", "").strip()[:200],
        }
        if draft.input_kind == CHOICES:
            try:
                context["choices"] = value_choices(
                    self._facet_reader, draft, context["find"]
                )
            # The term can still be typed without counts of its values.
            except StudioError as error:
                self.error = self.error or error.message
        return self._shared_context() | context

    def _editor_title(self, draft: TermDraft) -> str:
        named = Comparison(draft.field, "is not null")
        return _("Filter by %(field)s") % {"field": pill_texts(named)[0]}

    def _shared_context(self) -> dict[str, Any]:
        own = self.spec.changed().parameters()
        kept = list(own.items())
        if self.scope.number:
            kept.append(("in", self.scope.number))
        if self.number >= 0:
            kept.append(("term", str(self.number)))
        back = self.scope.address_of(self.spec)
        swapped = "#activity" if self.scope.is_activity else "#run-table"
        context = {
            "kept": kept,
            "back": back,
            "error": self.error,
            "swapped": swapped,
        }
        if self.number >= 0:
            without = self.spec.changed(q=self.source.text_without_terms(self.number))
            context["remove"] = self.scope.address_of(without)
        return context

    def _show_fragment(self, fragment: str, context: dict[str, Any]) -> HttpResponse:
        is_wrong = self.error and "apply" in self.parameters
        status = FORM_ERROR_STATUS if is_wrong else 200
        context |= {"fragment": fragment, "list_name": self.scope.name}
        if not self.request.htmx:
            page = render(
                self.request, "filters/filter_editor.html", context, status=status
            )
            return with_vary_headers(page)
        response = render(self.request, fragment, context, status=status)
        if is_wrong:
            response["HX-Retarget"] = "#pill-editor"
            response["HX-Reswap"] = "innerHTML"
            response["HX-Push-Url"] = "false"
        return with_vary_headers(response)


def _value_inputs(draft: TermDraft) -> list[tuple[str, str, str]]:
    """Return label, text and unit of each input."""
    labels = (
        [pgettext("range in a filter", "From"), pgettext("range in a filter", "To")]
        if draft.input_count == 2
        else [_("Value")]
    )
    texts = [*draft.values, "", ""]
    units = [*draft.units, "", ""]
    fallback = "d" if draft.op in ("last", "older") else "min"
    return [(label, texts[n], units[n] or fallback) for n, label in enumerate(labels)]
