"""The values that an editor offers to tick, with counts; those ticked come first."""

from __future__ import annotations

from dataclasses import dataclass

from runs.pages.filters.term_form import Draft
from runs.search.filters import FacetReader
from studio.core.filters import fields
from studio.core.filters.tree import attribute

MAX_CHOICES = 40


@dataclass(frozen=True)
class ValueChoice:
    """`share` is how many of a hundred runs have the value."""

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


def choices(reader: FacetReader, draft: Draft, find: str) -> ValueChoices:
    """The values that hold `find`, and those that are ticked whatever they hold."""
    facet = reader.read(draft.field)
    is_status = draft.field == attribute("status")
    ticked = [_spelled(text, is_status) for text in draft.values]
    found = {
        each.value: (each.title or each.value, each.runs)
        for each in facet.values
        if each.value is not None and not each.digest
    }
    total = max(facet.runs, 1)
    missing = [(value, value, 0) for value in ticked if value not in found]
    rows = [
        (value, text, runs)
        for value, (text, runs) in found.items()
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
        reader.runs(draft.field).exact,
    )


def _spelled(text: str, is_status: bool) -> str:
    try:
        return fields.canonical_status(text) if is_status else text
    except ValueError:
        return text
