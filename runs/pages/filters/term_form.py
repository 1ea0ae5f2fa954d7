"""A term of the filter as a form: its inputs, and the term that they mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from runs.pages.filters.local_dates import date_input_text, read_date_input
from runs.render.filters import IN_THE_LAST, OLDER_THAN
from runs.search.filters import is_facet
from studio.core.errors import InvalidValue
from studio.core.filters import Field, Node, fields, tree
from studio.core.filters.alternatives import value_list_comparison
from studio.core.filters.fields import (
    duration_text,
    number_text,
    read_duration_ms,
    read_number,
)
from studio.core.filters.tree import (
    Ago,
    Comparison,
    Duration,
    Flag,
    Moment,
    Number,
    Span,
    Text,
    Value,
)

#: The kinds of inputs that a field and an operator need.
CHOICES, NUMBERS, DATES = "choices", "numbers", "dates"
LENGTHS, YES_NO, NOTHING = "lengths", "yes-no", "nothing"
FREE_TEXT = "written"

_ORDER = (">=", "<=", ">", "<", "between")
_TEXTS = ("contains", "not contains", "like", "not like", "ilike", "not ilike")
_NULLS = ("is not null", "is null")
_OPERATORS = {
    fields.STATUS: ("in", "not in"),
    fields.TEXT: ("=", "!=", *_TEXTS, *_NULLS),
    fields.ID: ("=", "!=", *_TEXTS, *_NULLS),
    fields.NUMBER: (*_ORDER, "=", "!=", *_NULLS),
    fields.TIME: (IN_THE_LAST, OLDER_THAN, *_ORDER, "=", "!=", *_NULLS),
    fields.DURATION: (*_ORDER, *_NULLS),
    fields.BOOLEAN: ("=",),
    fields.MIXED: ("in", "not in", *_TEXTS, *_ORDER, *_NULLS),
}
UNITS = {"ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}


AnyValue = TypeVar("AnyValue", bound=Value)


@dataclass(frozen=True)
class TermDraft:
    """A term being edited: texts of its inputs, and units of its durations."""

    field: Field
    op: str
    values: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    #: The values before the edit, which keep their spelling.
    known: tuple[Value, ...] = ()

    @property
    def input_kind(self) -> str:
        if self.op in tree.NO_VALUE:
            return NOTHING
        kind = fields.value_type(self.field)
        if self.op in (IN_THE_LAST, OLDER_THAN) or kind == fields.DURATION:
            return LENGTHS
        if self.op in tree.MANY_VALUES:
            return CHOICES
        if kind == fields.BOOLEAN:
            return YES_NO
        if kind == fields.TIME:
            return DATES
        is_number = self.op in _ORDER or self.field.kind == tree.METRICS
        return NUMBERS if is_number or kind == fields.NUMBER else FREE_TEXT

    @property
    def input_count(self) -> int:
        return 2 if self.op == "between" else 1

    def to_term(self) -> Node:
        """Return the term; raise InvalidValue if an input is invalid."""
        if self.input_kind == NOTHING:
            return Comparison(self.field, self.op)
        texts = [text for text in self.values if text.strip()]
        if self.input_kind == CHOICES:
            values = [self._parse_chosen_value(text) for text in self.values]
            if not values:
                raise InvalidValue(_("Choose at least one value."), field="value")
            return value_list_comparison(self.field, self.op, values, Span(0, 0))
        if len(texts) < self.input_count:
            raise InvalidValue(_("Enter a value."), field="value")
        values = [
            self._parse_value(n, text)
            for n, text in enumerate(texts[: self.input_count])
        ]
        # The two words exist only in the form; the language compares with a relative
        # time.
        op = {IN_THE_LAST: ">=", OLDER_THAN: "<"}.get(self.op, self.op)
        return Comparison(self.field, op, tuple(values))

    def _parse_chosen_value(self, text: str) -> Value:
        # A number and a text can look the same: an unchanged value keeps its type.
        for value in self.known:
            if value_input_text(value) == text:
                return value
        if fields.value_type(self.field) != fields.STATUS:
            return Text(text)
        try:
            return Text(fields.canonical_status(text))
        except ValueError as error:
            raise InvalidValue(str(error), field="value") from error

    def _parse_value(self, number: int, text: str) -> Value:
        if self.input_kind == FREE_TEXT:
            return Text(text)
        if self.input_kind == YES_NO:
            return Flag(text == "true")
        text = text.strip()
        if self.input_kind == DATES:
            # A day of another time zone keeps its meaning if it is not edited.
            for value in self.known:
                if value_input_text(value) == text:
                    return value
            expected = pgettext("expected in a filter", "a date")
            return _require_value(read_date_input(text), text, expected)
        if self.input_kind == LENGTHS:
            length = self._parse_duration(number, text)
            is_ago = self.op in (IN_THE_LAST, OLDER_THAN)
            return Ago(length) if is_ago else Duration(length)
        special = self.field.kind == tree.METRICS and self.op in ("=", "!=")
        return _require_value(
            read_number(text, special=special),
            text,
            pgettext("expected in a filter", "a number"),
        )

    def _parse_duration(self, number: int, text: str) -> int:
        """Return ms of a number in the unit next to it, or of a text like `1h30m`."""
        length = read_duration_ms(text)
        if length is not None:
            return length
        expected = pgettext(
            "expected in a filter", "a number or a duration such as 1h30m"
        )
        value: Number = _require_value(read_number(text), text, expected)
        unit = self.units[number] if number < len(self.units) else ""
        length = round(float(value.value) * UNITS.get(unit, UNITS["d"]))
        # The filter language has no negative durations, and none beyond all times.
        if length < 0 or read_duration_ms(duration_text(length)) is None:
            raise _invalid_value(
                f"{text} {unit}", pgettext("expected in a filter", "a duration")
            )
        return length


def _require_value(value: AnyValue | None, text: str, expected_text: str) -> AnyValue:
    if value is None:
        raise _invalid_value(text, expected_text)
    return value


def _invalid_value(text: str, expected_text: str) -> InvalidValue:
    text_of_error = pgettext(
        "value in the filter editor", "%(text)s is not %(expected)s."
    )
    return InvalidValue(
        text_of_error % {"text": text, "expected": expected_text}, field="value"
    )


def operators_of(field: Field) -> tuple[str, ...]:
    """Return the operators that the form offers for the field."""
    kind = fields.value_type(field)
    # A metric can hold text too, but a condition on it is edited as text.
    if field.kind == tree.METRICS:
        kind = fields.NUMBER
    offered = _OPERATORS[kind]
    # The values of such a field can be listed, so they are chosen instead of typed.
    if kind == fields.TEXT and is_facet(field):
        offered = ("in", "not in", *_TEXTS, *_NULLS)
    possible = {*fields.operators_of(field), IN_THE_LAST, OLDER_THAN}
    return tuple(op for op in offered if op in possible)


def new_draft(field: Field) -> TermDraft:
    unit = "min" if fields.value_type(field) == fields.DURATION else "d"
    return TermDraft(field, operators_of(field)[0], units=(unit,))


def draft_of_term(node: Node) -> TermDraft | None:
    """Return the term as a form; None if only text can express it."""
    if not isinstance(node, Comparison):
        return None
    op, values = node.op, node.values
    if values and isinstance(values[0], Ago):
        op = {
            ">=": IN_THE_LAST,
            ">": IN_THE_LAST,
            "<": OLDER_THAN,
            "<=": OLDER_THAN,
        }.get(op, "")
    offered = operators_of(node.field)
    # The form has check boxes for these fields: a single value is a list of one.
    if op not in offered and op in ("=", "!="):
        op = "in" if op == "=" else "not in"
    draft = TermDraft(node.field, op, known=values)
    if op not in offered or not all(_fits_field(draft, value) for value in values):
        return None
    parts = [_split_value_and_unit(value) for value in values]
    texts, units = (tuple(part[place] for part in parts) for place in (0, 1))
    return replace(draft, values=texts, units=units)


def _fits_field(draft: TermDraft, value: Value) -> bool:
    allowed: Mapping[str, tuple[type, ...]] = {
        CHOICES: (Text, Number),
        FREE_TEXT: (Text,),
        NUMBERS: (Number,),
        DATES: (Moment,),
        LENGTHS: (Ago, Duration),
        YES_NO: (Flag,),
    }
    # An input has one line: a browser would drop the line breaks of the value.
    is_broken = draft.input_kind == FREE_TEXT and not {"\r", "\n"}.isdisjoint(
        value_input_text(value)
    )
    return isinstance(value, allowed[draft.input_kind]) and not is_broken


def _split_value_and_unit(value: Value) -> tuple[str, str]:
    if not isinstance(value, (Ago, Duration)):
        return value_input_text(value), ""
    fitting = [unit for unit, ms in UNITS.items() if value.ms % ms == 0]
    unit = fitting[-1] if value.ms else "min"
    return str(value.ms // UNITS[unit]), unit


def value_input_text(value: Value) -> str:
    """Return the text of a value in an input."""
    if isinstance(value, Text):
        return value.text
    if isinstance(value, Number):
        return number_text(value)
    if isinstance(value, Flag):
        return "true" if value.value else "false"
    if isinstance(value, Moment):
        return date_input_text(value)
    return ""


def date_input_type(draft: TermDraft) -> str:
    """Return the type of the date inputs: as precise as the current values."""
    units = {value.unit for value in draft.known if isinstance(value, Moment)}
    if not units or units <= {"day"}:
        return "date"
    return "month" if units == {"month"} else "datetime-local"


def draft_of_form(
    field: Field, op: str, values: Sequence[str], units: Sequence[str]
) -> TermDraft:
    """Read a sent form; an operator that does not fit the field is replaced."""
    draft = new_draft(field)
    op = op if op in operators_of(field) else draft.op
    return TermDraft(field, op, tuple(values), tuple(units) or draft.units)
