"""Transformations of the data of Vega-Lite charts."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runs.render.previews.vega_errors import UnsupportedChart, VegaGap
from runs.render.previews.vega_expressions import (
    BadExpression,
    compile_expression,
    equals,
    is_true,
    is_valid,
    to_number,
    to_text,
)
from runs.render.previews.vega_times import find_time_unit, read_time

#: What a chart may have at most: transformations, their rows, and fields that fold.
MAX_TRANSFORMS, MAX_ROWS, MAX_FOLDED, MAX_DEPTH = 30, 50_000, 200, 20
#: Rows times characters of the transformations, about a second for the longest.
MAX_WORK = 4_000_000
#: Sums of as many numbers as a chart has are finite below this.
MAX_NUMBER = 1e300
_DEFAULT_BINS, MAX_BINS = 10, 1000

Row = Mapping[str, Any]
Rows = Sequence[Row]


def transform_rows(transforms: object, rows: Rows | None) -> Rows | None:
    """Return the rows after all transformations. Raises UnsupportedChart."""
    if not transforms:
        return rows
    if rows is None:
        raise UnsupportedChart(VegaGap.DATA)
    if not isinstance(transforms, list) or len(transforms) > MAX_TRANSFORMS:
        raise _unsupported("transform")
    work = 0
    for each in transforms:
        if not isinstance(each, dict):
            raise _unsupported("transform")
        work += len(rows) * len(repr(each))
        if work > MAX_WORK:
            raise _unsupported(f"{next(iter(each), 'transform')}: {len(rows)} rows")
        rows = _transformed(each, rows)
    return rows


def _transformed(transform: Mapping[str, Any], rows: Rows) -> Rows:
    name = next((one for one in _TRANSFORMS if one in transform), "")
    if not name:
        raise _unsupported(next(iter(transform), "transform"))
    try:
        return _TRANSFORMS[name](transform, rows)
    except BadExpression as error:
        raise _unsupported(f"{name}: {error}") from error


def _unsupported(detail: str) -> UnsupportedChart:
    return UnsupportedChart(VegaGap.TRANSFORM, detail)


def _filter(transform: Mapping[str, Any], rows: Rows) -> Rows:
    keeps = _predicate(transform["filter"], 0)
    return [row for row in rows if keeps(row)]


def _predicate(test: object, depth: int) -> Callable[[Row], bool]:
    if depth > MAX_DEPTH:
        raise _unsupported("filter")
    if isinstance(test, str):
        found = compile_expression(test)
        return lambda row: is_true(found(row))
    if not isinstance(test, dict):
        raise _unsupported("filter")
    for name, how in (("and", all), ("or", any)):
        if isinstance(parts := test.get(name), list):
            every = [_predicate(part, depth + 1) for part in parts]
            return _combined(how, every)
    if "not" in test:
        other = _predicate(test["not"], depth + 1)
        return lambda row: not other(row)
    return _field_predicate(test)


def _combined(
    how: Callable[[Iterable[bool]], bool], every: Sequence[Callable[[Row], bool]]
) -> Callable[[Row], bool]:
    return lambda row: how(part(row) for part in every)


def _field_predicate(test: Mapping[str, Any]) -> Callable[[Row], bool]:
    field = test.get("field")
    if not isinstance(field, str) or test.get("timeUnit"):
        raise _unsupported("filter: param" if "param" in test else "filter: timeUnit")
    if isinstance(wanted := test.get("oneOf"), list):
        return lambda row: any(equals(value_of(row, field), one) for one in wanted)
    if isinstance(ends := test.get("range"), list) and len(ends) == 2:
        low, high = (
            (-math.inf, math.inf)[at] if end is None else to_number(end)
            for at, end in enumerate(ends)
        )
        return lambda row: low <= to_number(value_of(row, field)) <= high
    if "valid" in test:
        return lambda row: is_valid(value_of(row, field)) is is_true(test["valid"])
    for name, sign in _COMPARISONS.items():
        if name in test and isinstance(test[name], int | float | str | None):
            compare = compile_expression(f"datum.left {sign} datum.right")
            right = test[name]
            return lambda row: bool(
                compare({"left": value_of(row, field), "right": right})
            )
    raise _unsupported("filter")


_COMPARISONS = {"equal": "===", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}


def _calculate(transform: Mapping[str, Any], rows: Rows) -> Rows:
    found, name = compile_expression(transform["calculate"]), _name(transform)
    return [{**row, name: found(row)} for row in rows]


def value_of(row: Row, field: str) -> Any:
    """Return the value of a field, which can be in an object: `metrics.loss`."""
    if field in row:
        return row[field]
    value: Any = row
    for part in field.replace("[", ".").replace("]", "").split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(part.strip("'\""))
    return value


def _name(transform: Mapping[str, Any], default: str = "") -> str:
    name = transform.get("as", default)
    if isinstance(name, list) and name:
        name = name[0]
    if not isinstance(name, str) or not name:
        raise _unsupported("as")
    return name


def finite_numbers(values: Iterable[Any]) -> list[float]:
    """Return what can be computed with: no NaN, infinity or very large integers."""
    return [
        float(value)
        for value in values
        if isinstance(value, int | float)
        and not isinstance(value, bool)
        and abs(value) < MAX_NUMBER
    ]


def _quantile(share: float) -> Callable[[Sequence[float]], float]:
    def quantile(numbers: Sequence[float]) -> float:
        ordered = sorted(numbers)
        at = share * (len(ordered) - 1)
        low = math.floor(at)
        high = min(low + 1, len(ordered) - 1)
        return ordered[low] + (ordered[high] - ordered[low]) * (at - low)

    return quantile


def _spread(
    compute: Callable[[Sequence[float]], float],
) -> Callable[[Sequence[float]], float]:
    def spread(numbers: Sequence[float]) -> float:
        try:
            return compute(numbers) if len(numbers) > 1 else 0.0
        except OverflowError:
            return math.inf

    return spread


#: Of the numbers of a group; the others are of its values.
OF_NUMBERS: Mapping[str, Callable[[Sequence[float]], float]] = {
    "sum": sum,
    "mean": statistics.fmean,
    "average": statistics.fmean,
    "median": statistics.median,
    "min": min,
    "max": max,
    "q1": _quantile(0.25),
    "q3": _quantile(0.75),
    "stdev": _spread(statistics.stdev),
    "stdevp": _spread(statistics.pstdev),
    "variance": _spread(statistics.variance),
    "variancep": _spread(statistics.pvariance),
    "stderr": _spread(
        lambda numbers: statistics.stdev(numbers) / math.sqrt(len(numbers))
    ),
}
_OF_VALUES: Mapping[str, Callable[[Sequence[Any]], int]] = {
    "count": len,
    "valid": lambda values: sum(map(is_valid, values)),
    "missing": lambda values: sum(value is None for value in values),
    "distinct": lambda values: len({to_text(value) for value in values}),
}


def _computed(how: str, values: Sequence[Any]) -> float | None:
    if how in _OF_VALUES:
        return _OF_VALUES[how](values)
    numbers = finite_numbers(values)
    return OF_NUMBERS[how](numbers) if numbers else None


def _grouped(rows: Rows, fields: Sequence[str]) -> dict[tuple[str, ...], list[Row]]:
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        # Lists are values, too, but no keys.
        key = tuple(repr(value_of(row, field)) for field in fields)
        groups.setdefault(key, []).append(row)
    return groups


def _names(value: object, detail: str) -> list[str]:
    found = [] if value is None else value
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise _unsupported(detail)
    return found


Operation = tuple[str, Callable[[Sequence[Row]], float | None]]


def _operations(parts: object, detail: str) -> list[Operation]:
    if not isinstance(parts, list):
        raise _unsupported(detail)
    return [
        _operation(part if isinstance(part, dict) else {}, detail) for part in parts
    ]


def _operation(part: Mapping[str, Any], detail: str) -> Operation:
    how, field = part.get("op"), part.get("field")
    is_known = isinstance(how, str) and (how in OF_NUMBERS or how in _OF_VALUES)
    if not is_known or not isinstance(field, str | None):
        raise _unsupported(f"{detail}: {how}")
    if field is None and how != "count":
        raise _unsupported(f"{detail}: {how}")
    name = _name(part, f"{how}_{field}" if field else str(how))
    return name, lambda rows: _computed(
        str(how), [value_of(row, field or "") for row in rows]
    )


def _aggregate(transform: Mapping[str, Any], rows: Rows) -> Rows:
    operations = _operations(transform["aggregate"], "aggregate")
    fields = _names(transform.get("groupby"), "groupby")
    return [
        {field: value_of(part[0], field) for field in fields}
        | {name: compute(part) for name, compute in operations}
        for part in _grouped(rows, fields).values()
    ]


def _join_aggregate(transform: Mapping[str, Any], rows: Rows) -> Rows:
    operations = _operations(transform["joinaggregate"], "joinaggregate")
    fields = _names(transform.get("groupby"), "groupby")
    found: list[Row] = []
    for part in _grouped(rows, fields).values():
        own = {name: compute(part) for name, compute in operations}
        found += [{**row, **own} for row in part]
    return found


def _fold(transform: Mapping[str, Any], rows: Rows) -> Rows:
    fields = _names(transform["fold"], "fold")
    names = transform.get("as") or ["key", "value"]
    is_pair = isinstance(names, list) and all(isinstance(one, str) for one in names)
    if not is_pair or not 1 <= len(names) <= 2 or len(fields) > MAX_FOLDED:
        raise _unsupported("fold")
    key, value = names[0], names[1] if len(names) == 2 else "value"
    if len(rows) * len(fields) > MAX_ROWS:
        raise _unsupported("fold")
    return [
        {**row, key: field, value: value_of(row, field)}
        for row in rows
        for field in fields
    ]


def _bin(transform: Mapping[str, Any], rows: Rows) -> Rows:
    field, names = transform.get("field"), transform.get("as")
    if not isinstance(field, str):
        raise _unsupported("bin")
    low_name = _name(transform)
    has_end = isinstance(names, list) and len(names) > 1 and isinstance(names[1], str)
    high_name = names[1] if has_end and isinstance(names, list) else f"{low_name}_end"
    numbers = finite_numbers(value_of(row, field) for row in rows)
    if not numbers:
        return rows
    bins = find_bins(transform["bin"], numbers)
    found = []
    for row in rows:
        own = finite_numbers([value_of(row, field)])
        low, high = bins.ends(own[0]) if own else (None, None)
        found.append({**row, low_name: low, high_name: high})
    return found


@dataclass(frozen=True)
class Bins:
    start: float
    step: float
    count: int

    def ends(self, value: float) -> tuple[float, float]:
        """Return the ends of a value's bin; outside of all, of the nearest one."""
        place = min(max((value - self.start) / self.step + 1e-9, 0), self.count - 1)
        low = self.start + math.floor(place) * self.step
        return round(low, 12), round(low + self.step, 12)


def find_bins(options: object, numbers: Sequence[float]) -> Bins:
    """Return bins with round ends, as Vega chooses them. Raises UnsupportedChart."""
    low, high = min(numbers), max(numbers)
    given = options if isinstance(options, dict) else {}
    most, width = given.get("maxbins", _DEFAULT_BINS), given.get("step")
    if given.keys() - {"maxbins", "step", "nice", "extent"}:
        raise _unsupported("bin")
    if extent := finite_numbers(given.get("extent") or []):
        low, high = min(extent), max(extent)
    if (steps := finite_numbers([width])) and steps[0] > 0:
        step = steps[0]
    else:
        is_count = isinstance(most, int) and most > 0
        count = min(most, MAX_BINS) if is_count else _DEFAULT_BINS
        step = _nice_step(high - low, count)
    # No numbers lie between these, or there are too many bins.
    if step <= max(abs(low), abs(high)) * 1e-12 or (high - low) / step > MAX_BINS:
        raise _unsupported("bin")
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return Bins(first * step, step, max(last - first, 1))


def _nice_step(span: float, count: int) -> float:
    span = span or 1.0
    level = math.ceil(math.log10(count))
    step = max(1e-300, 10.0 ** (round(math.log10(span)) - level))
    while math.ceil(span / step) > count:
        step *= 10
    for divisor in (5, 2):
        smaller = step / divisor
        if span / smaller <= count:
            step = smaller
    return step


def with_time_units(
    encoding: Mapping[str, Any], rows: Rows
) -> tuple[Mapping[str, Any], Rows]:
    """Replace the times of channels that have a unit by the units."""
    found = dict(encoding)
    for name, channel in encoding.items():
        if not isinstance(channel, dict) or not channel.get("timeUnit"):
            continue
        unit, field = find_time_unit(channel["timeUnit"]), channel.get("field")
        if unit is None or not isinstance(field, str):
            raise _unsupported(f"timeUnit: {channel['timeUnit']}")
        key = f"{channel['timeUnit']} of {field}"
        how = {"timeUnit": channel["timeUnit"], "field": field, "as": key}
        rows = _time_unit(how, rows)
        own = {"title": f"{field} ({channel['timeUnit']})", **channel, "field": key}
        own["timeUnit"] = None
        if unit.labels:
            own |= {"type": "ordinal", "sort": list(unit.labels)}
        found[name] = own
    return found, rows


def _time_unit(transform: Mapping[str, Any], rows: Rows) -> Rows:
    unit, field = find_time_unit(transform["timeUnit"]), transform.get("field")
    if unit is None or not isinstance(field, str):
        raise _unsupported(f"timeUnit: {transform['timeUnit']}")
    name = _name(transform)
    return [
        {**row, name: unit.group(time) if time else None}
        for row in rows
        for time in [read_time(value_of(row, field))]
    ]


_TRANSFORMS: Mapping[str, Callable[[Mapping[str, Any], Rows], Rows]] = {
    "filter": _filter,
    "calculate": _calculate,
    "aggregate": _aggregate,
    "joinaggregate": _join_aggregate,
    "bin": _bin,
    "timeUnit": _time_unit,
    "fold": _fold,
}
