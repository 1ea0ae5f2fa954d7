"""The facets panel next to the run list: the values to choose from, with counts.

Which sections are open is in the address (`open`) or, stored by the page's script, in a
cookie. `more` names the sections that show many values, `find` filters the keys.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, unquote, urlencode

from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, npgettext, pgettext
from django.views.decorators.http import require_safe

from runs.access import Permission, access
from runs.pages.filters.facet_sections import (
    INITIAL_VALUES,
    MAX_VALUES,
    FacetSection,
    facet_choices,
    facet_element_id,
    facet_label,
    filtered_range,
    histogram_bars,
    is_numeric,
    link_with_range,
    number_as_typed,
)
from runs.pages.lists import ListLinks, ListState, read_part_state
from runs.pages.requests import PageRequest, with_vary_headers
from runs.render import formats
from runs.search.fields import FACETS
from runs.search.filters import (
    KEYED_KINDS,
    MAX_OPEN_FACETS,
    FacetReader,
    SampledKey,
    is_facet,
)
from runs.search.sql import time_limit
from studio.core import view_text
from studio.core.errors import InvalidFilter, InvalidValue, NotSupported, QueryTimeout
from studio.core.filters import Field, field_text, parse_field, tree
from studio.core.view_spec import ViewSpec

PANEL_COOKIE = "facets"


@dataclass(frozen=True)
class FacetPanelState:
    """The open sections, those with more values, and the search for keys.

    `opened` is None by default: then the filter decides.
    """

    opened: tuple[Field, ...] | None
    more: tuple[Field, ...]
    find: str

    @classmethod
    def read(cls, parameters: QueryDict, cookies: Mapping[str, str]) -> FacetPanelState:
        text = parameters.get("open")
        if text is None and PANEL_COOKIE in cookies:
            text = unquote(cookies[PANEL_COOKIE])
        # An empty text is a choice too: the reader closed every section.
        opened = None if text is None else _parse_field_names(text)[:MAX_OPEN_FACETS]
        more = _parse_field_names(parameters.get("more", ""))
        return cls(opened, more, parameters.get("find", "").strip()[:100])

    def query(self) -> str:
        pairs = {
            # An empty parameter would be left out, and the default sections would open.
            "open": None
            if self.opened is None
            else join_field_names(self.opened) or "-",
            "more": join_field_names(self.more),
            "find": self.find,
        }
        return urlencode({name: text for name, text in pairs.items() if text})


def _parse_field_names(text: str) -> tuple[Field, ...]:
    """Return the fields in a comma-separated list; unknown names are left out."""
    found = []
    # The cookie and the address can hold anything: limit what is parsed.
    for word in view_text.split_outside_quotes(text[:4000], ",", "open")[:50]:
        try:
            field = parse_field(word)
        except InvalidFilter:
            continue
        if is_facet(field):
            found.append(field)
    return tuple(dict.fromkeys(found))


def join_field_names(fields: Iterable[Field]) -> str:
    return ",".join(map(field_text, fields))


def facet_state_query(parameters: QueryDict) -> str:
    """Return the part of the query string that is about the panel."""
    given_names = [name for name in ("open", "more") if parameters.get(name)]
    return urlencode({name: parameters[name] for name in given_names})


#: Maximum number of keys of one kind without a search.
MAX_LISTED_KEYS = 6


@access(Permission.READ)
@require_safe
def facets_panel(request: PageRequest) -> HttpResponse:
    """Show the panel for a script; otherwise redirect to the list with the panel."""
    state = read_part_state(request)
    if not request.htmx:
        query = state.spec.to_query(facets=True)
        return redirect(f"{state.scope.path}?{query}")
    context = facets_context(request, state, state.scope.path)
    return with_vary_headers(
        render(request, "filters/_facets.html", {"facets": context})
    )


@access(Permission.READ)
@require_safe
def filter_by_facet_range(request: PageRequest) -> HttpResponse:
    """Redirect from the form of a histogram to the list with that range."""
    state = read_part_state(request)
    links = ListLinks(state.workspace.name, state.spec, state.spec.filter())
    field = view_text.read_field(request.GET.get("field", ""), "field")
    low, high = (_read_number(request.GET.get(name, "")) for name in ("low", "high"))
    if low is not None and high is not None and low > high:
        # Two inputs that are swapped have only one meaning.
        low, high = high, low
    return redirect(state.scope.path + link_with_range(links, field, low, high))


def _read_number(text: str) -> int | float | None:
    text = text.strip().replace("−", "-")
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        raise InvalidValue(
            _("%(text)r is not a number") % {"text": text}, field="low"
        ) from None
    if not math.isfinite(value):
        raise InvalidValue(_("A range must end at a number"), field="low")
    return int(value) if value == int(value) and abs(value) < 1e15 else value


def facets_context(
    request: PageRequest, listed: ListState, path: str
) -> dict[str, Any]:
    """Return the context of the panel; `problem` if the filter can't be applied."""
    spec = replace(listed.spec, facets=True, after="", before="")
    state = FacetPanelState.read(listed.parameters, request.COOKIES)
    who, workspace = (listed.viewer, listed.workspace), listed.workspace.name
    base = {
        "close": path + _list_query(spec, facets=False),
        "path": path,
        "find": state.find,
        "kept": list(spec.parameters().items()),
        "in": listed.scope.number,
        "range_url": f"/w/{workspace}/list/facets/range/",
    }
    try:
        experiment, now = listed.experiment, listed.now
        reader = FacetReader(spec, *who, experiment=experiment, now=now)
        # Without a script, each link must carry the state of the panel.
        tail = "" if request.htmx else facet_state_query(listed.parameters)
        panel = _FacetPanel(reader, state, workspace, path, tail)
        # One limit for all sections: each of them alone could be fast enough.
        with time_limit():
            return {**base, **panel.context()}
    except (InvalidFilter, NotSupported):
        return {**base, "problem": _("The values can’t be counted for this filter.")}
    except QueryTimeout as error:
        return {**base, "problem": error.message}


def _list_query(spec: ViewSpec, **changes: Any) -> str:
    query = spec.to_query(**changes)
    return f"?{query}" if query else ""


class _FacetPanel:
    """Builds the sections of one panel."""

    def __init__(
        self,
        reader: FacetReader,
        state: FacetPanelState,
        workspace: str,
        path: str,
        tail: str,
    ) -> None:
        self.reader, self.state, self.path, self.tail = reader, state, path, tail
        spec = reader.spec
        self.links = ListLinks(workspace, spec, spec.filter())

    def context(self) -> dict[str, Any]:
        reader = self.reader
        found = reader.matching_runs()
        shares = {
            kind: reader.most_useful_keys(kind, self.state.find) for kind in KEYED_KINDS
        }
        keyed = [
            each
            for kind in KEYED_KINDS
            for each in self._fields_to_list(kind, shares[kind])
        ]
        attributes = [] if self.state.find else self._attribute_fields()
        opened = self._fields_of_open_sections(shares)
        state = replace(self.state, opened=opened)
        self.known = {each.field: each for kind in KEYED_KINDS for each in shares[kind]}
        sections_made = [
            self._facet_section(each, state) for each in (*keyed, *attributes)
        ]
        runs = formats.grouped(len(found.ids))
        scope_text = (
            npgettext(
                "runs whose values are counted",
                "in %s run",
                "in %s runs",
                len(found.ids),
            )
            % runs
        )
        if not found.exact:
            scope_text = (
                pgettext("runs whose values are counted", "in the newest %s runs")
                % runs
            )
        return {
            "scope": scope_text,
            "exact": found.exact,
            "sections": [each for each in sections_made if each is not None],
            "state": self.state.query(),
            "opened": quote(join_field_names(opened) or "-"),
        }

    def _fields_to_list(self, kind: str, shares: Sequence[SampledKey]) -> list[Field]:
        """Return the fields of a kind: filtered and open ones, then the most useful."""
        opened = self.state.opened or ()
        # A search lists only what it finds.
        forced = [] if self.state.find else [*self.reader.fields_in_filter(), *opened]
        found = [field for field in forced if field.kind == kind]
        limit = 50 if self.state.find else MAX_LISTED_KEYS
        found += [share.field for share in shares]
        listed = list(dict.fromkeys(found))
        return listed[: max(limit, len(set(forced)))]

    def _attribute_fields(self) -> list[Field]:
        here = self.reader.experiment is not None
        # In the list of an experiment, this section would have a single value.
        return [each for each in FACETS if not (here and each.key == "experiment")]

    def _fields_of_open_sections(
        self, shares: dict[str, list[SampledKey]]
    ) -> tuple[Field, ...]:
        """Return the open sections: by default filtered fields, one tag, one param."""
        if self.state.opened is not None:
            return self.state.opened
        first = [each[0].field for kind in KEYED_KINDS[:2] if (each := shares[kind])]
        return tuple(dict.fromkeys([*self.reader.fields_in_filter(), *first]))[
            :MAX_OPEN_FACETS
        ]

    def _facet_section(
        self, field: Field, state: FacetPanelState
    ) -> FacetSection | None:
        opened = state.opened or ()
        is_open = field in opened
        if is_open:
            others = tuple(each for each in opened if each != field)
        else:
            # One section too many closes the one that was opened first.
            others = (*opened, field)[-MAX_OPEN_FACETS:]
        section = FacetSection(
            facet_element_id(field),
            field_text(field),
            facet_label(field),
            is_open,
            self._panel_address(replace(state, opened=others)),
        )
        # The few attributes are read even if they are closed: those without values are
        # hidden.
        if field.kind == tree.ATTRIBUTE or is_open:
            return self._fill_section(field, section, state)
        share = self.known.get(field)
        is_whole = len(self.reader.matching_runs().ids) <= MAX_VALUES
        note = formats.grouped(share.values) if share and is_whole else ""
        return replace(section, note=note)

    def _fill_section(
        self, field: Field, section: FacetSection, state: FacetPanelState
    ) -> FacetSection | None:
        facet = self.reader.count_values(field)
        count = len(facet.values)
        if not count and field not in self.reader.fields_in_filter():
            is_key = field.kind != tree.ATTRIBUTE
            return replace(section, note="0") if is_key else None
        if not section.is_open:
            return replace(section, note=formats.grouped(count))
        if is_numeric(facet):
            return self._fill_histogram(facet, section)
        has_more = field in state.more
        limit = MAX_VALUES if has_more else INITIAL_VALUES
        shown, more = facet_choices(facet, self.links, limit)
        shown = tuple(
            replace(c, href=c.href and self._list_href(c.href)) for c in shown
        )
        noun = ngettext("%s value", "%s values", count) % formats.grouped(count)
        wider = replace(state, more=(*state.more, field))
        return replace(
            section,
            note=noun,
            choices=shown,
            more=0 if has_more else more,
            more_href=self._panel_address(wider),
            note_below=_unlisted_values_note(more) if has_more and more else "",
        )

    def _fill_histogram(self, facet: Any, section: FacetSection) -> FacetSection:
        known = [each.number for each in facet.values if each.number is not None]
        low, high = filtered_range(facet.field, self.links.node)
        ends = ""
        if known:
            ends = _("%(low)s to %(high)s") % {
                "low": formats.number(min(known)),
                "high": formats.number(max(known)),
            }
        return replace(
            section,
            note=ends,
            bars=histogram_bars(facet, self.links.node),
            low="" if low is None else number_as_typed(low),
            high="" if high is None else number_as_typed(high),
        )

    def _list_href(self, query: str) -> str:
        """Return the address of the list for a choice."""
        return self.path + query + (f"&{self.tail}" if self.tail else "")

    def _panel_address(self, state: FacetPanelState) -> str:
        """Return the address of the list with the panel in another state."""
        return f"{self.path}{_list_query(self.reader.spec)}&{state.query()}"


def _unlisted_values_note(more: int) -> str:
    return _("%s rarer values are not listed.") % formats.grouped(more)
