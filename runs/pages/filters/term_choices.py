"""The fields and values that the editor of a term offers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from runs.pages.filters.term_form import TermDraft
from runs.render import formats
from runs.render.filters import field_label
from runs.search.filters import FacetReader, KeyCount, list_keys
from studio.core.errors import QueryTimeout
from studio.core.filters import Field, field_text, fields, tree
from studio.core.filters.tree import attribute

#: Maximum number of listed keys of one kind; a search finds the others.
MAX_KEYS = 30
#: Name and label of a field, and how many runs have it.
FieldRow = tuple[str, str, str]


def list_filter_fields(
    reader: FacetReader, part: str = ""
) -> list[tuple[str, list[FieldRow]]]:
    """Return the fields whose names contain `part`, by kind."""
    lowered = part.lower()
    own = [
        (name, label, "")
        for name, label in _attribute_names()
        if lowered in name or lowered in label.lower()
    ]
    found = [(_("Run"), own)]
    try:
        for kind, title in _kind_titles():
            rows = [
                _field_row_of_key(each)
                for each in list_keys(reader, kind, part, MAX_KEYS)
            ]
            found.append((title, rows))
    except QueryTimeout:
        # The fields of every run can still be chosen.
        pass
    return [(title, rows) for title, rows in found if rows]


def field_menu_options(
    reader: FacetReader, chosen: Field
) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the fields of the menu, by kind; the chosen one is always included."""
    name = field_text(chosen)
    found = [(_("Run"), _attribute_names())]
    try:
        for kind, title in _kind_titles():
            shares = sorted(reader.sampled_keys(kind), key=lambda share: -share.runs)[
                :MAX_KEYS
            ]
            names = [(field_text(s.field), field_text(s.field)) for s in shares]
            found.append((title, names))
    except QueryTimeout:
        # The chosen one stays.
        pass
    if all(name != each for _title, rows in found for each, _label in rows):
        found.insert(0, ("", [(name, field_label(chosen))]))
    return [(title, list(rows)) for title, rows in found if rows]


def _attribute_names() -> list[tuple[str, str]]:
    own = [
        (spec.name, formats.translate_label(spec.label))
        for spec in fields.ATTRIBUTES.values()
        if spec.filterable and spec.offered
    ]
    # The menu stays short: the other counts of child runs can be typed.
    children = [Field(tree.CHILDREN, word) for word in ("count", "failed", "running")]
    return [*own, *((field_text(each), field_text(each)) for each in children)]


def _kind_titles() -> Sequence[tuple[str, str]]:
    return (
        (tree.TAGS, _("Tags")),
        (tree.PARAMS, _("Parameters")),
        (tree.METRICS, _("Metrics")),
        (tree.PROPERTIES, _("Properties")),
    )


def _field_row_of_key(key_count: KeyCount) -> FieldRow:
    runs = ngettext("%(n)s run", "%(n)s runs", key_count.runs)
    note = runs % {"n": formats.grouped(key_count.runs)} if key_count.runs else ""
    return field_text(key_count.field), key_count.field.key, note


MAX_CHOICES = 40


@dataclass(frozen=True)
class ValueChoice:
    """A value; `share` is the percentage of runs that have it."""

    value: str
    text: str
    runs: int
    share: float
    chosen: bool
    status: str = ""


@dataclass(frozen=True)
class ValueChoices:
    rows: tuple[ValueChoice, ...]
    more: int
    exact: bool


def value_choices(reader: FacetReader, draft: TermDraft, find: str) -> ValueChoices:
    """Return the values that contain `find`, and all checked values."""
    facet = reader.count_values(draft.field)
    is_status = draft.field == attribute("status")
    ticked = [_canonical_value(text, is_status) for text in draft.values]
    found = {
        each.value: (each.title or each.value, each.runs)
        for each in facet.values
        if each.value is not None and not each.digest
    }
    total = max(facet.runs, 1)
    # A checked value must be sent again even if no run has it, or applying would drop
    # it.
    missing = [(value, value, 0) for value in ticked if value not in found]
    rows = [
        (value, text, runs)
        for value, (text, runs) in found.items()
        # Checked values stay in the form during a search, for the same reason.
        if value in ticked or find.lower() in f"{value}\n{text}".lower()
    ]
    places = {value: place for place, value in enumerate(ticked)}
    rows.sort(key=lambda row: places.get(row[0], len(places)))
    shown = [*missing, *rows]
    return ValueChoices(
        tuple(
            ValueChoice(
                value,
                text,
                runs,
                round(100 * runs / total, 1),
                value in ticked,
                value if is_status else "",
            )
            for value, text, runs in shown[:MAX_CHOICES]
        ),
        max(len(shown) - MAX_CHOICES, 0),
        reader.matching_runs(draft.field).exact,
    )


def _canonical_value(text: str, is_status: bool) -> str:
    try:
        return fields.canonical_status(text) if is_status else text
    except ValueError:
        return text
