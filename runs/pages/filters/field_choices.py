"""The fields that a list can be filtered by: its own, and the keys of its runs."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from runs.render import formats
from runs.render.filters import field_label
from runs.search.filters import FacetReader, KeyCount, list_keys
from studio.core.errors import QueryTimeout
from studio.core.filters import Field, field_text, fields, tree

#: Keys of one kind that are listed; more are found by their name.
KEYS = 30
#: A row: the field's name, what people call it, how many runs have it.
Row = tuple[str, str, str]


def groups(reader: FacetReader, part: str = "") -> list[tuple[str, list[Row]]]:
    """The fields that hold `part`, by kind."""
    lowered = part.lower()
    own = [
        (name, label, "")
        for name, label in _attributes()
        if lowered in name or lowered in label.lower()
    ]
    found = [(_("Run"), own)]
    try:
        for kind, title in _titles():
            rows = [_row(each) for each in list_keys(reader, kind, part, KEYS)]
            found.append((title, rows))
    except QueryTimeout:
        # What every run has can still be chosen.
        pass
    return [(title, rows) for title, rows in found if rows]


def options(
    reader: FacetReader, chosen: Field
) -> list[tuple[str, list[tuple[str, str]]]]:
    """The same for a list to choose from, the chosen one always among them."""
    name = field_text(chosen)
    found = [(_("Run"), _attributes())]
    try:
        for kind, title in _titles():
            shares = sorted(reader.keys(kind), key=lambda share: -share.runs)[:KEYS]
            names = [(field_text(s.field), field_text(s.field)) for s in shares]
            found.append((title, names))
    except QueryTimeout:
        # The chosen one stays.
        pass
    if all(name != each for _title, rows in found for each, _label in rows):
        found.insert(0, ("", [(name, field_label(chosen))]))
    return [(title, list(rows)) for title, rows in found if rows]


def _attributes() -> list[tuple[str, str]]:
    own = [
        (spec.name, _(spec.label))
        for spec in fields.ATTRIBUTES.values()
        if spec.filterable and spec.offered
    ]
    children = [Field(tree.CHILDREN, word) for word in ("count", "failed", "running")]
    return [*own, *((field_text(each), field_text(each)) for each in children)]


def _titles() -> Sequence[tuple[str, str]]:
    return (
        (tree.TAGS, _("Tags")),
        (tree.PARAMS, _("Parameters")),
        (tree.METRICS, _("Metrics")),
        (tree.PROPERTIES, _("Properties")),
    )


def _row(each: KeyCount) -> Row:
    runs = ngettext("%(n)s run", "%(n)s runs", each.runs)
    note = runs % {"n": formats.grouped(each.runs)} if each.runs else ""
    return field_text(each.field), each.field.key, note
