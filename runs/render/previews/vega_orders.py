"""The order of categories on the axes of Vega-Lite charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from runs.render.previews.vega_transforms import OF_NUMBERS, finite_numbers

MAX_CATEGORIES = 2000
_DISCRETE = ("nominal", "ordinal")
Row = Mapping[str, Any]
Channel = Mapping[str, Any]


def category_order(channel: Channel, rows: Sequence[Row]) -> dict[str, Any]:
    """Return what Plotly needs to know of an axis with categories; else nothing."""
    if channel.get("type") not in _DISCRETE or not channel.get("field"):
        return {}
    sort = channel.get("sort")
    if isinstance(sort, str) and sort.lstrip("-") in ("x", "y"):
        how = "descending" if sort.startswith("-") else "ascending"
        return {"categoryorder": f"total {how}"}
    values = ordered_values(channel, rows)
    if len(values) > MAX_CATEGORIES:
        return {"categoryorder": "trace"}
    return {"categoryorder": "array", "categoryarray": values}


def ordered_values(channel: Channel, rows: Sequence[Row]) -> list[Any]:
    """Return the categories of a channel, by default ascending as in Vega-Lite."""
    field, sort = channel.get("field"), channel.get("sort", "ascending")
    found: dict[Any, list[Row]] = {}
    for row in rows:
        value = row.get(field) if isinstance(field, str) else channel.get("datum")
        found.setdefault(value if isinstance(value, str | int | float) else None, [])
        if isinstance(sort, dict):
            found[value if isinstance(value, str | int | float) else None].append(row)
    if sort is None:
        return list(found)
    if isinstance(sort, list):
        places = {str(value): at for at, value in enumerate(sort)}
        return sorted(found, key=lambda value: places.get(str(value), len(places)))
    is_down = sort == "descending"
    if isinstance(sort, dict):
        is_down = sort.get("order") == "descending"
        if isinstance(sort.get("field"), str):
            totals = {value: _total(sort, own) for value, own in found.items()}
            return sorted(found, key=totals.__getitem__, reverse=is_down)
    if all(isinstance(value, int | float) for value in found):
        return sorted(found, reverse=is_down)
    return sorted(found, key=str, reverse=is_down)


def _total(sort: Mapping[str, Any], rows: Sequence[Row]) -> float:
    how = sort.get("op", "min")
    numbers = finite_numbers(row.get(sort["field"]) for row in rows)
    if how == "count":
        return len(rows)
    compute = OF_NUMBERS.get(how) if isinstance(how, str) else None
    return compute(numbers) if compute and numbers else 0.0
