"""The boxes of the dialog of columns as HTML: a list has hundreds of fields."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from django.utils.safestring import SafeString, mark_safe


@dataclass(frozen=True)
class ColumnBox:
    """A field to pick; `parts` is its label, split around the searched text."""

    value: str
    label: str
    parts: tuple[str, str, str]
    note: str
    chosen: bool


def column_boxes(boxes: Sequence[ColumnBox]) -> SafeString:
    return mark_safe("\n".join(map(_column_box, boxes)))  # noqa: S308


def _column_box(box: ColumnBox) -> str:
    value, is_name = escape(box.value), box.value == "name"
    before, match, after = map(escape, box.parts)
    text = f"{before}<b>{match}</b>{after}" if match else before
    note = f'<span class="count">{escape(box.note)}</span>' if box.note else ""
    state = (" checked" if box.chosen else "") + (" disabled" if is_name else "")
    # Browsers don't send cleared boxes: the form also says which were checked.
    had = ""
    if box.chosen and not is_name:
        had = f'<input type="hidden" name="had" value="{value}">'
    return (
        f'<label class="check"><input type="checkbox" name="pick" value="{value}"'
        f' data-label="{escape(box.label)}"{state}>'
        f'<span class="clip" title="{value}">{text}</span>{note}</label>{had}'
    )
