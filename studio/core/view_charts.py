"""Charts as a view's parameter `charts` says them.

`line!metrics.loss!x=relative!smooth=0.6,scatter!params.lr!metrics.acc` is a kind, the
fields that it draws, and options, divided by exclamation marks; what stands in double
quotes divides nothing. Reading is strict and bounded, and writing what was read gives
the shortest text of the same chart.

    x       step, relative, time, or a metric: what a line is drawn over
    smooth  0 to 0.99: how much of the running mean stays, of what went before
    log     x, y or xy: which axes are logarithmic
    range   `0~1`, `~1`, `0~`: how far the y axis reaches; `full`: to every value
    xrange  the same of the x axis: seconds where x is relative; none where it is time
    legend  1 or 0: whether it is shown, where the chart would not decide so itself
    group   a field, repeated; `-params.seed` groups by all parameters but it
    band    std, minmax or none: what is drawn around the mean of a group
    runs    how many runs of the result are drawn where none is selected
    bins    how many bars a histogram has
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Callable

from studio.core.chart_kinds import CHART_KINDS, COMMON_OPTIONS
from studio.core.errors import InvalidValue
from studio.core.filters.fields import field_text
from studio.core.filters.tree import METRICS, PARAMS, Field
from studio.core.messages import message
from studio.core.view_text import read_field, split_outside_quotes

MAX_CHARTS = 12
#: The most runs of one chart.
MAX_RUNS = 500
MAX_BINS = 200
MAX_GROUPS = 8
MAX_SMOOTHING = 0.99
AXES = ("step", "relative", "time")
BANDS = ("std", "minmax", "none")
FULL_RANGE = "full"

Options = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Chart:
    """A chart: its kind, what it draws, and its options as (name, text)."""

    kind: str
    fields: tuple[Field, ...]
    options: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        drawn = [field_text(field) for field in self.fields]
        return "!".join([self.kind, *drawn, *(f"{k}={v}" for k, v in self.options)])

    def option(self, name: str, default: str = "") -> str:
        return dict(self.options).get(name, default)

    @property
    def axis(self) -> str:
        """`step`, `relative`, `time`, or empty where lines go over a metric."""
        word = self.option("x", "step")
        return word if word in AXES else ""

    @property
    def x_metric(self) -> Field | None:
        return None if self.axis else read_field(self.option("x"), "x")

    @property
    def smoothing(self) -> float:
        return float(self.option("smooth", "0"))

    @property
    def log_x(self) -> bool:
        return "x" in self.option("log")

    @property
    def log_y(self) -> bool:
        return "y" in self.option("log")

    @property
    def y_range(self) -> tuple[float | None, float | None]:
        return self._read_axis_ends("range")

    @property
    def x_range(self) -> tuple[float | None, float | None]:
        return self._read_axis_ends("xrange")

    @property
    def has_full_range(self) -> bool:
        """Whether the y axis reaches to values that are far from all others."""
        return self.option("range") == FULL_RANGE

    def _read_axis_ends(self, name: str) -> tuple[float | None, float | None]:
        text = self.option(name, "~")
        low, _, high = ("~" if text == FULL_RANGE else text).partition("~")
        return (float(low) if low else None, float(high) if high else None)

    @property
    def groups(self) -> tuple[Field, ...]:
        """The fields that runs are grouped by, or, with `all_but`, are not."""
        texts = [value for name, value in self.options if name == "group"]
        return tuple(read_field(text.lstrip("-"), "group") for text in texts)

    @property
    def all_but(self) -> bool:
        return self.option("group").startswith("-")

    @property
    def band(self) -> str:
        return self.option("band", "std")

    @property
    def runs(self) -> int:
        return int(self.option("runs") or CHART_KINDS[self.kind].first_runs)

    @property
    def bins(self) -> int:
        """0 leaves it to the chart."""
        return int(self.option("bins", "0"))


def read_charts(text: str, name: str = "charts") -> tuple[Chart, ...]:
    """The charts in `text`; raises InvalidValue that says which part of it is wrong."""
    items = split_outside_quotes(text, ",", name)
    if len(items) > MAX_CHARTS:
        raise InvalidValue(
            message(
                "%(name)s has more than %(limit)s charts", name=name, limit=MAX_CHARTS
            ),
            field=name,
        )
    return tuple(read_chart(item, name) for item in items)


def read_chart(text: str, name: str = "charts") -> Chart:
    """One chart; raises InvalidValue."""
    kind, *rest = split_outside_quotes(text, "!", name) or [""]
    if kind not in CHART_KINDS:
        kinds = ", ".join(CHART_KINDS)
        raise _unknown_word_error(name, kind, kinds)
    drawn = [item for item in rest if not _is_option(item)]
    options = [item.partition("=")[::2] for item in rest if _is_option(item)]
    fields = tuple(dict.fromkeys(read_field(item, name) for item in drawn))
    _check_fields(kind, fields, name)
    return Chart(kind, fields, _read_options(kind, options, name))


def _is_option(item: str) -> bool:
    # A key in quotes can also contain an equals sign.
    return item.partition("=")[0].isidentifier() and "=" in item


def _check_fields(kind: str, fields: tuple[Field, ...], name: str) -> None:
    spec = CHART_KINDS[kind]
    least, most = spec.min_fields, spec.max_fields
    if not least <= len(fields) <= most:
        raise InvalidValue(_field_count(kind, least, most, name), field=name)
    if spec.draws_points and any(field.kind != METRICS for field in fields):
        raise InvalidValue(
            message(
                "%(name)s: a %(kind)s chart shows metrics only", name=name, kind=kind
            ),
            field=name,
        )


def _field_count(kind: str, least: int, most: int, name: str) -> str:
    values: dict[str, object] = {"name": name, "kind": kind}
    if most == 1:
        return message("%(name)s: a %(kind)s chart needs 1 field", **values)
    if least == most:
        return message(
            "%(name)s: a %(kind)s chart needs %(count)s fields", **values, count=most
        )
    return message(
        "%(name)s: a %(kind)s chart needs %(low)s to %(high)s fields",
        **values,
        low=least,
        high=most,
    )


def _unknown_word_error(name: str, text: str, words: str) -> InvalidValue:
    return InvalidValue(
        message(
            "%(name)s: %(text)r is not one of %(words)s",
            name=name,
            text=text,
            words=words,
        ),
        field=name,
    )


def _read_options(kind: str, options: Iterable[tuple[str, str]], name: str) -> Options:
    spec, found = CHART_KINDS[kind], dict[str, list[str]]()
    for key, value in options:
        if key not in _READERS:
            known = ", ".join(_READERS)
            raise _unknown_word_error(name, key, known)
        text = _READERS[key](value.strip(), name)
        # What a kind has no use for is left behind when the kind is changed.
        if key in spec.options or key in COMMON_OPTIONS:
            found[key] = [*(found.get(key, []) if key == "group" else []), text]
    if len(found.get("group", ())) > MAX_GROUPS:
        raise InvalidValue(
            message(
                "%(name)s: a chart has at most %(limit)s group fields",
                name=name,
                limit=MAX_GROUPS,
            ),
            field=name,
        )
    _check_groups(found, name)
    if found.get("x") == ["time"]:
        found.pop("xrange", None)
    if found.get("runs") == [str(spec.first_runs)]:
        del found["runs"]
    # In a fixed order, so that equal charts have equal texts.
    return tuple((key, text) for key in _READERS for text in found.get(key, ()) if text)


def _check_groups(found: dict[str, list[str]], name: str) -> None:
    groups = found.get("group", [])
    # Only the mean of a group has a band.
    if not groups:
        found.pop("band", None)
    is_but = {text.startswith("-") for text in groups}
    if len(is_but) > 1:
        raise InvalidValue(
            message(
                "%(name)s: group a chart by fields, or by all parameters except some",
                name=name,
            ),
            field=name,
        )
    fields = [read_field(text.lstrip("-"), name) for text in groups]
    if True in is_but and any(field.kind != PARAMS for field in fields):
        raise InvalidValue(
            message("%(name)s: group=- can exclude parameters only", name=name),
            field=name,
        )


def _read_x_axis(text: str, name: str) -> str:
    if text in AXES:
        return "" if text == AXES[0] else text
    field = read_field(text, name)
    if field.kind != METRICS:
        raise InvalidValue(
            message(
                "%(name)s: x must be one of %(words)s, or a metric",
                name=name,
                words=", ".join(AXES),
            ),
            field=name,
        )
    return field_text(field)


def _read_smooth(text: str, name: str) -> str:
    weight = _read_number(text, name, "smooth")
    if not 0 <= weight <= MAX_SMOOTHING:
        raise InvalidValue(
            message(
                "%(name)s: smooth must be between 0 and %(limit)s",
                name=name,
                limit=MAX_SMOOTHING,
            ),
            field=name,
        )
    return f"{weight:g}" if weight else ""


def _read_log(text: str, name: str) -> str:
    return _one_of(text, ("x", "y", "xy"), name, "log")


def _read_y_range(text: str, name: str) -> str:
    return text if text == FULL_RANGE else _read_range(text, name)


def _read_range(text: str, name: str) -> str:
    low, tilde, high = text.partition("~")
    ends = [_read_number(end, name, "range") for end in (low, high) if end]
    if not tilde or (len(ends) == 2 and ends[0] >= ends[1]):
        raise InvalidValue(
            message("%(name)s: write a range as 0~1, 0~ or ~1", name=name), field=name
        )
    return f"{low}~{high}" if ends else ""


def _read_legend(text: str, name: str) -> str:
    return _one_of(text, ("0", "1"), name, "legend")


def _read_group(text: str, name: str) -> str:
    is_but = text.startswith("-")
    field = field_text(read_field(text[1:] if is_but else text, name))
    return f"-{field}" if is_but else field


def _read_band(text: str, name: str) -> str:
    word = _one_of(text, BANDS, name, "band")
    return "" if word == BANDS[0] else word


def _read_runs(text: str, name: str) -> str:
    return _read_whole_number(text, MAX_RUNS, name, "runs")


def _read_bins(text: str, name: str) -> str:
    return _read_whole_number(text, MAX_BINS, name, "bins")


def _one_of(text: str, words: tuple[str, ...], name: str, option: str) -> str:
    if text not in words:
        raise InvalidValue(
            message(
                "%(name)s: %(option)s must be one of %(words)s",
                name=name,
                option=option,
                words=", ".join(words),
            ),
            field=name,
        )
    return text


def _read_whole_number(text: str, most: int, name: str, option: str) -> str:
    # `isdigit` alone accepts digits of other scripts, and superscripts that `int`
    # refuses.
    is_number = text.isascii() and text.isdigit() and len(text) <= 6
    if not is_number or not 1 <= int(text) <= most:
        raise InvalidValue(
            message(
                "%(name)s: %(option)s must be between 1 and %(limit)s",
                name=name,
                option=option,
                limit=most,
            ),
            field=name,
        )
    return str(int(text))


def _read_number(text: str, name: str, option: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    # `float` also accepts `nan` and `inf`, which no axis can use.
    if not math.isfinite(value):
        raise InvalidValue(
            message(
                "%(name)s: %(option)s is not a number: %(text)r",
                name=name,
                option=option,
                text=text,
            ),
            field=name,
        )
    return value


#: How each option is read, in the order of writing.
_READERS: dict[str, Callable[[str, str], str]] = {
    "x": _read_x_axis,
    "smooth": _read_smooth,
    "log": _read_log,
    "range": _read_y_range,
    "xrange": _read_range,
    "legend": _read_legend,
    "group": _read_group,
    "band": _read_band,
    "runs": _read_runs,
    "bins": _read_bins,
}
