"""Completion in the search box: the next word of a filter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from runs.access import Permission, access
from runs.pages.filters.found_runs import find_runs_of_word
from runs.pages.filters.local_dates import recent_days
from runs.pages.lists import read_part_state_tolerantly
from runs.pages.requests import PageRequest, with_vary_headers
from runs.render import formats
from runs.render.filters import field_label, operator_label
from runs.render.formats import status_label
from runs.search.fields import FACETS
from runs.search.filters import (
    KINDS_IN_ORDER,
    Facet,
    FacetReader,
    KeyCount,
    find_keys,
    is_facet,
)
from runs.search.views import filter_by_words, visible_views_in
from studio.core.errors import InvalidFilter, QueryTimeout, StudioError
from studio.core.filters import field_text, fields, tree
from studio.core.filters import parse as parse_filter
from studio.core.filters.completion import (
    FIELD,
    FLAGS,
    NOTHING,
    OPERATION,
    VALUE,
    CompletionContext,
    completion_context,
)
from studio.core.filters.fields import key_text, quoted, read_number, value_text
from studio.core.filters.operands import TEXT_OPERATORS
from studio.core.filters.tree import Field, Text, attribute


@dataclass(frozen=True)
class CompletionOption:
    """A suggestion: choosing it replaces the text from `start` to `end` by `insert`."""

    icon: str
    before: str
    match: str
    after: str
    insert: str
    start: int
    end: int
    note: str = ""
    count: str = ""
    status: str = ""
    #: Whether it completes the term, so that Enter applies the filter.
    ends: bool = False
    #: Whether it is chosen before an arrow key is used.
    is_chosen: bool = False
    #: Whether it only says something, and can't be chosen.
    is_note: bool = False
    #: The page that it opens instead of completing the filter.
    href: str = ""


@dataclass(frozen=True)
class SuggestionSection:
    title: str
    options: Sequence[CompletionOption]


def start_of_term(field: Field) -> str:
    """Return the text to insert for a chosen field."""
    if fields.value_type(field) == fields.BOOLEAN:
        return f"{field_text(field)}:true "
    is_listed = field in FACETS or field == attribute("view")
    timed = fields.value_type(field) in (fields.TIME, fields.DURATION)
    return field_text(field) + (":" if is_listed or timed else " ")


def value_examples(kind: str) -> list[tuple[str, str]]:
    if kind == fields.TIME:
        return [
            *recent_days(),
            ("-1d", _("the last day")),
            ("-7d", _("the last 7 days")),
            ("-30d", _("the last 30 days")),
        ]
    if kind == fields.DURATION:
        return [(">1h", _("longer than an hour")), ("<1m", _("shorter than a minute"))]
    return [("true", _("yes")), ("false", _("no"))]


MAX_VALUES = 8
#: A browser sends what it remembers of the filters that were applied in it.
MAX_RECENT, MAX_RECENT_LENGTH = 5, 500
#: Operators whose value is one of those that runs have, and no part or limit of it.
EQUALITY = (":", "=", "!=", "in", "not in")
#: Maximum number of keys of one kind, before and after something is typed.
INITIAL_KEYS, MAX_KEYS = 3, 6
ICONS = {
    tree.TAGS: "tag",
    tree.PARAMS: "key",
    tree.METRICS: "line",
    tree.PROPERTIES: "lock",
    tree.ATTRIBUTE: "info",
}


class Completion:
    def __init__(self, request: PageRequest, word: CompletionContext) -> None:
        state = read_part_state_tolerantly(request)
        self.word, self.state = word, state
        self.reader = FacetReader(
            # Counts are of the runs that the rest of the filter matches: the typed term
            # is unfinished.
            state.spec.changed(q=state.scope.scoped(word.others)),
            state.viewer,
            state.workspace,
            experiment=state.experiment,
            now=state.now,
            counted=[] if word.field is None else [word.field],
        )

    def read_sections(self) -> tuple[list[SuggestionSection], bool]:
        """Return the groups, and whether they count all matching runs."""
        try:
            found = self._build_sections()
            return found, self.reader.matching_runs().exact
        except (QueryTimeout, StudioError):
            # Names help even without counts.
            return [
                SuggestionSection(_("Fields"), list(self._attribute_options()))
            ], True

    def _build_sections(self) -> list[SuggestionSection]:
        word = self.word
        if word.what == OPERATION:
            return [SuggestionSection(_("Operators"), list(self._operator_options()))]
        if word.what == VALUE and word.field is not None:
            return self._value_sections(word.field)
        if word.kind == FLAGS:
            return [
                SuggestionSection(_("True/false fields"), list(self._flag_options()))
            ]
        listed = SuggestionSection(
            _("Fields"), [*self._attribute_options(), *self._key_options()]
        )
        prefixes = SuggestionSection(_("Prefixes"), list(self._prefix_options()))
        # Before anything is typed, the fields themselves say more.
        return [prefixes, listed] if word.part else [listed, prefixes]

    def recent_section(self, text: str, recent: Sequence[str]) -> SuggestionSection:
        """Offer the recent filters that begin with all that is typed."""
        options = [
            CompletionOption(
                "history",
                "",
                each[: len(text)],
                each[len(text) :],
                each,
                0,
                len(text),
                ends=True,
            )
            for each in dict.fromkeys(recent)
            if each.lower().startswith(text.lower()) and each != text.strip()
            if len(each) <= MAX_RECENT_LENGTH and _is_filter(each)
        ]
        return SuggestionSection(_("Recent filters"), options[:MAX_RECENT])

    def runs_section(self) -> SuggestionSection:
        """Offer to open the runs that have the word."""
        options = [
            self._option_with_marked_match(
                "runs", run.name, "", note=run.experiment, href=run.href
            )
            for run in find_runs_of_word(self.state, self.word)
        ]
        return SuggestionSection(_("Runs"), options)

    # Fields

    def _prefix_options(self) -> Iterable[CompletionOption]:
        """Yield `metrics.` and the like: the keys follow it."""
        part = self.word.part.lower()
        if self.word.kind or self.word.what != FIELD:
            return
        labels = {
            tree.TAGS: _("Tags"),
            tree.PARAMS: _("Parameters"),
            tree.METRICS: _("Metrics"),
            tree.PROPERTIES: _("Properties"),
        }
        for kind, label in labels.items():
            if kind.startswith(part):
                yield self._option_with_marked_match(
                    ICONS[kind], f"{kind}.", f"{kind}.", note=label
                )

    def _attribute_options(self) -> Iterable[CompletionOption]:
        part = self.word.part.lower()
        if self.word.kind or self.word.what != FIELD:
            return
        specs = [spec for spec in fields.ATTRIBUTES.values() if spec.filterable]
        found = [
            spec
            for spec in specs
            if (
                part in spec.name
                or part in f"{spec.label} {formats.translate_label(spec.label)}".lower()
            )
            and (part or spec.suggested)
            and spec.offered
        ]
        found.sort(key=lambda spec: (not spec.name.startswith(part), spec.name))
        if not part:
            found.sort(key=lambda spec: spec.suggested)
        for spec in found[: MAX_KEYS + 1]:
            field = attribute(spec.name)
            label = "" if part and part not in spec.name else self.word.part
            yield self._option_with_marked_match(
                ICONS[tree.ATTRIBUTE],
                spec.name,
                start_of_term(field),
                part=label,
                note=formats.translate_label(spec.label),
                ends=spec.value_type == fields.BOOLEAN,
            )

    def _key_options(self) -> Iterable[CompletionOption]:
        kind, part = self.word.kind, self.word.part
        if not kind and "." in part:
            head, _point, tail = part.partition(".")
            if fields.kind_named(head):
                kind, part = fields.kind_named(head), tail
        kinds = [kind] if kind in ICONS else list(KINDS_IN_ORDER)
        limit = MAX_KEYS if part or kind else INITIAL_KEYS
        for each in kinds if kind in ("", *KINDS_IN_ORDER) else []:
            for count in find_keys(self.reader, each, part, limit):
                yield self._key_option(count)

    def _key_option(self, count: KeyCount) -> CompletionOption:
        field, word = count.field, self.word
        shown = field.key if word.kind else f"{field.kind}.{field.key}"
        # In a shorthand such as `tag:`, the key alone is a whole term.
        insert = f"{key_text(field)} " if word.kind else start_of_term(field)
        values = ngettext("%(n)s value", "%(n)s values", count.values)
        runs = ngettext("%(n)s run", "%(n)s runs", count.runs)
        return self._option_with_marked_match(
            ICONS[field.kind],
            shown,
            insert,
            note=values % {"n": formats.grouped(count.values)} if count.values else "",
            count=runs % {"n": formats.grouped(count.runs)},
            ends=bool(word.kind),
        )

    def _flag_options(self) -> Iterable[CompletionOption]:
        for name, spec in fields.ATTRIBUTES.items():
            if spec.value_type == fields.BOOLEAN and self.word.part.lower() in name:
                yield self._option_with_marked_match(
                    "check", name, f"{name} ", ends=True
                )

    # Operators and values

    def _operator_options(self) -> Iterable[CompletionOption]:
        field = self.word.field
        assert field is not None
        typed = self.word.part.lower()
        for op in fields.operators_of(field):
            # A range is written `low..high`; the parser takes no operator of this name.
            if op == "between" or not op.startswith(typed):
                continue
            insert = {"in": "in (", "not in": "not in ("}.get(op, f"{op} ")
            ends = op in tree.NO_VALUE
            yield self._option_with_marked_match(
                "code", op, insert, note=operator_label(op), ends=ends
            )

    def _value_sections(self, field: Field) -> list[SuggestionSection]:
        kind = fields.value_type(field)
        if kind in (fields.TIME, fields.DURATION, fields.BOOLEAN):
            return [
                SuggestionSection(field_label(field), list(self._value_examples(kind)))
            ]
        if field == attribute("view"):
            return [SuggestionSection(_("Views"), list(self._view_options()))]
        if not is_facet(field) or field.kind == tree.METRICS:
            return []
        facet = self.reader.count_values(field)
        name = field_text(field)
        title = _("Values of %(field)s in these runs") % {"field": name}
        return [
            SuggestionSection(_("Fields"), list(self._same_field_option(field, facet))),
            SuggestionSection(
                title,
                [
                    *self._value_options(field, facet),
                    *self._no_value_option(field, facet),
                ],
            ),
        ]

    def _same_field_option(
        self, field: Field, facet: Facet
    ) -> Iterable[CompletionOption]:
        """Say which field it is, and how many runs have it."""
        if field.kind == tree.ATTRIBUTE:
            return
        there = sum(each.runs for each in facet.values)
        count = len(facet.values)
        values = ngettext("%(n)s value", "%(n)s values", count)
        runs = ngettext("%(n)s run", "%(n)s runs", there)
        text = field_text(field)
        yield CompletionOption(
            ICONS[field.kind],
            "",
            text,
            "",
            "",
            self.word.end,
            self.word.end,
            note=values % {"n": formats.grouped(count)},
            count=runs % {"n": formats.grouped(there)},
            is_note=True,
        )

    def _value_options(self, field: Field, facet: Facet) -> Iterable[CompletionOption]:
        part = self.word.part.lower()
        found = [
            each
            for each in facet.values
            if each.value is not None
            # Only the start of a long value is stored, so no term can be built for it.
            and not each.digest
            and part in f"{each.value}\n{each.title}".lower()
        ]
        # The exact value comes first, and then what begins with the typed text, even if
        # others that contain it are more common.
        found.sort(
            key=lambda each: (
                (each.value or "").lower() != part,
                not (each.value or "").lower().startswith(part),
            )
        )
        # A list gets its closing parenthesis; more values can be typed before it.
        end = ") " if self.word.op == "in" else " "
        for place, each in enumerate(found[:MAX_VALUES]):
            text = str(each.value)
            label = each.title if text else _("(empty)")
            is_status = field == attribute("status")
            label = status_label(label) if is_status else label
            yield self._option_with_marked_match(
                "plus",
                text,
                self._value_as_typed(field, text) + end,
                note="" if label == text else label,
                count=formats.grouped(each.runs),
                status=text if is_status else "",
                ends=True,
                is_chosen=place == 0 and self._fits_what_is_typed(text),
            )

    def _view_options(self) -> Iterable[CompletionOption]:
        part = self.word.part
        views = visible_views_in(self.reader.workspace, self.reader.viewer)
        found = filter_by_words(views, part).order_by("name", "pk")
        end = ") " if self.word.op == "in" else " "
        for place, view in enumerate(found[:MAX_VALUES]):
            yield self._option_with_marked_match(
                "plus",
                view.name,
                value_text(Text(view.name)) + end,
                note=view.slug,
                ends=True,
                is_chosen=place == 0 and self._fits_what_is_typed(view.name),
            )

    def _fits_what_is_typed(self, value: str) -> bool:
        typed, value = self.word.part.lower(), value.lower()
        if not typed or self.word.op not in EQUALITY:
            return False
        # `0.1` is a whole value, also if runs have only `0.15`.
        is_whole = read_number(typed) is not None
        return value == typed if is_whole else value.startswith(typed)

    def _value_as_typed(self, field: Field, text: str) -> str:
        typed = self.word.op in TEXT_OPERATORS
        if fields.value_type(field) == fields.MIXED and not typed:
            number = read_number(text)
            # A bare number matches every spelling of it; quotes keep `0.10` apart from
            # `0.1`.
            if number is not None and value_text(number) == text:
                return value_text(number)
            if number is not None:
                return quoted(text)
        return value_text(Text(text))

    def _no_value_option(
        self, field: Field, facet: Facet
    ) -> Iterable[CompletionOption]:
        is_asked = (
            "is null".startswith(self.word.part.lower()) or facet.runs_without_value
        )
        if "is null" not in fields.operators_of(field) or not is_asked:
            return
        is_whole = self.word.op in ("=", ":") and field.kind != tree.ATTRIBUTE
        # `is null` replaces the operator too, so it is offered only behind a plain one.
        if not is_whole or not facet.runs_without_value:
            return
        nothing = {
            tree.TAGS: _("no such tag"),
            tree.PARAMS: _("no such parameter"),
            tree.PROPERTIES: _("no such property"),
        }
        yield CompletionOption(
            "minus",
            "",
            "",
            "is null",
            " is null ",
            self.word.field_end,
            self.word.end,
            note=nothing[field.kind],
            count=formats.grouped(facet.runs_without_value),
            ends=True,
        )

    def _value_examples(self, kind: str) -> Iterable[CompletionOption]:
        """Yield examples of values of this type."""
        for text, means in value_examples(kind):
            # Ranges are written behind a colon only.
            if text.endswith("..") and self.word.op != ":":
                continue
            if text.startswith(self.word.part.lower()) or self._is_begun(means):
                yield self._option_with_marked_match(
                    "plus", text, f"{text} ", note=means, ends=True
                )

    def _is_begun(self, words: str) -> bool:
        typed = self.word.part.lower()
        return bool(typed) and words.lower().startswith(typed)

    def _option_with_marked_match(
        self,
        icon: str,
        text: str,
        insert: str,
        *,
        part: str | None = None,
        **more: Any,
    ) -> CompletionOption:
        typed = self.word.part if part is None else part
        at = text.lower().find(typed.lower()) if typed else -1
        stop = at + len(typed)
        marked = (text[:at], text[at:stop], text[stop:]) if at >= 0 else ("", "", text)
        return CompletionOption(
            icon, *marked, insert, self.word.start, self.word.end, **more
        )


def _is_filter(text: str) -> bool:
    try:
        parse_filter(text)
    except InvalidFilter:
        return False
    return True


@access(Permission.READ)
@require_safe
def complete_filter(request: PageRequest) -> HttpResponse:
    """Show the suggestions for `text` with the cursor at `at`, as a fragment."""
    # Longer filters are refused anyway; parsing them would only cost time.
    text = request.GET.get("text", "")[:20_000]
    at = request.GET.get("at", "")
    place = int(at[:6]) if at.isascii() and at.isdigit() else len(text)
    word = completion_context(text, place)
    context: dict[str, Any] = {"groups": [], "exact": True}
    if word.what != NOTHING:
        completion = Completion(request, word)
        groups, exact = completion.read_sections()
        recent = request.GET.getlist("recent")[: 2 * MAX_RECENT]
        groups = [completion.recent_section(text, recent), *groups]
        groups.append(completion.runs_section())
        context = {"groups": [g for g in groups if g.options], "exact": exact}
    return with_vary_headers(
        render(request, "filters/_filter_completion.html", context)
    )
