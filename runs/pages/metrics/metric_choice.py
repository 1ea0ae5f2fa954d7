"""The choice of metrics and options of the tab *Metrics*, read from its address."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from runs.models import Metric
from runs.render.charts import Axis
from runs.search.metrics import NUMERIC_KINDS, has_numbers
from studio.core.errors import InvalidValue
from studio.core.names import is_system_metric

#: Number of charts if the address names none.
FIRST_CHARTS = 12
MAX_CHOSEN = 40
MAX_SMOOTHING = 0.99
#: How the value of `x` begins that names a metric.
OVER_PREFIX = "metrics."
#: Options of a single metric.
SINGLE_METRIC_OPTIONS = ("as", "at", "cx", "cy")


class GraphGrouping(StrEnum):
    """Which metrics share a chart; values are those in the address."""

    NONE = ""
    NAME = "name"
    PREFIX = "prefix"
    ALL = "1"

    def shared_name_part(self, key: str) -> str:
        """Return the part of the name that metrics in one chart share."""
        if self is GraphGrouping.NAME:
            return key.rpartition("/")[2]
        if self is GraphGrouping.PREFIX:
            return key.partition("/")[0] if "/" in key else ""
        return "" if self is GraphGrouping.ALL else key


@dataclass(frozen=True)
class MetricChoice:
    """`keys` are the chosen metrics; `default` means that the reader chose none."""

    keys: tuple[str, ...]
    default: bool = False
    axis: Axis = Axis.STEP
    #: The metric on the X axis; empty if it is that of `axis`.
    over: str = ""
    weight: float = 0.0
    log_y: bool = False
    graph_grouping: GraphGrouping = GraphGrouping.NONE
    table: bool = False
    #: Options of single metrics, as pairs of parameter and value. The parameters are
    #: `as:val/confusion` (the view), `at:` (the step), `cx:` and `cy:` (columns).
    options: tuple[tuple[str, str], ...] = ()
    #: Which part of all metrics is shown, from 1; 0 if the reader did not ask for all.
    page: int = 0
    #: Whether the charts show outliers too, instead of the range of most values.
    is_full: bool = False

    @property
    def axis_word(self) -> str:
        """The value of `x` in the address."""
        return f"{OVER_PREFIX}{self.over}" if self.over else self.axis.value

    def query_of_page(self, page: int) -> str:
        """Return the query string that shows another part of all metrics."""
        number = [("charts", str(page))] if page > 1 else []
        return urlencode([("all", "1"), *number, *self.display_parameters()])

    def option(self, word: str, key: str) -> str:
        """Return the option of a metric, such as `as`; empty if it has none."""
        return dict(self.options).get(f"{word}:{key}", "")

    def query_with_option(self, word: str, key: str, value: str) -> str:
        """Return the query string with another value for an option of a metric."""
        name = f"{word}:{key}"
        rest = tuple(pair for pair in self.options if pair[0] != name)
        return self.query(options=(*rest, (name, value)) if value else rest)

    def query(self, **changes: Any) -> str:
        """Return the query string, without defaults."""
        choice = replace(self, **changes)
        pairs: list[tuple[str, str]] = []
        if not choice.default:
            pairs = [("key", key) for key in choice.keys] or [("none", "1")]
        pairs += choice.display_parameters()
        pairs += choice.options
        # Metric names are full of slashes, and the address stays readable.
        return urlencode(pairs, safe=":/")

    def display_parameters(self) -> list[tuple[str, str]]:
        """Return the parameters of the display, without the metrics."""
        options = {
            "x": self.axis_word if self.axis_word != Axis.STEP.value else "",
            "smooth": f"{self.weight:g}" if self.weight else "",
            "log": "1" if self.log_y else "",
            "full": "1" if self.is_full else "",
            "one": self.graph_grouping.value,
            "show": "table" if self.table else "",
        }
        return [(name, value) for name, value in options.items() if value]


def read_metric_choice(parameters: QueryDict, heads: Sequence[Metric]) -> MetricChoice:
    """The choice in a query string; raises InvalidValue naming the parameter."""
    names = [head.key.name for head in heads]
    page = _read_page(parameters, len(names)) if parameters.get("all") else 0
    if page:
        names = names[(page - 1) * MAX_CHOSEN : page * MAX_CHOSEN]
    keys, default = _chosen_keys(parameters, heads, names)
    return MetricChoice(
        keys[:MAX_CHOSEN],
        default,
        read_axis(parameters),
        read_over(parameters),
        read_smoothing(parameters),
        parameters.get("log") == "1",
        read_grouping(parameters),
        parameters.get("show") == "table",
        tuple(_single_metric_options(parameters, keys)),
        0 if parameters.get("none") else page,
        parameters.get("full") == "1",
    )


def _read_page(parameters: QueryDict, metrics: int) -> int:
    """Read which part of all metrics is shown; the last one if there are fewer."""
    word = parameters.get("charts", "1")
    page = int(word) if word.isascii() and word.isdigit() and len(word) < 6 else 1
    return min(max(page, 1), max(-(-metrics // MAX_CHOSEN), 1))


def _single_metric_options(
    parameters: QueryDict, keys: Sequence[str]
) -> Iterator[tuple[str, str]]:
    for key in keys[:MAX_CHOSEN]:
        for word in SINGLE_METRIC_OPTIONS:
            if value := parameters.get(f"{word}:{key}"):
                yield f"{word}:{key}", value


def _chosen_keys(
    parameters: QueryDict, heads: Sequence[Metric], names: Sequence[str]
) -> tuple[tuple[str, ...], bool]:
    if parameters.get("none"):
        return (), False
    if parameters.get("all"):
        return tuple(names), False
    chosen = set(parameters.getlist("key"))
    if chosen:
        # In the order of the run's metrics, whatever order the boxes were checked in.
        return tuple(name for name in names if name in chosen), False
    # MLflow logs CPU and memory under this prefix, and they would fill the first
    # charts.
    plain = [head for head in heads if not is_system_metric(head.key.name)]
    first = sorted(plain or heads, key=_metric_sort_key)
    # Metrics with one value are rows of one table, so that more of them fit.
    has_charts = any(_metric_sort_key(head) < 2 for head in first)
    limit = FIRST_CHARTS if has_charts else MAX_CHOSEN
    return tuple(head.key.name for head in first[:limit]), True


def _metric_sort_key(head: Metric) -> int:
    """Sort key: lines first, then images, tables and documents, then single points."""
    if head.kind not in NUMERIC_KINDS:
        return 1
    if not has_numbers(head):
        return 3
    return 0 if head.count > 1 else 2


def read_over(parameters: Mapping[str, Any]) -> str:
    """Read the metric on the X axis from `x=metrics.NAME`; empty for another axis."""
    word = str(parameters.get("x", ""))
    return word.removeprefix(OVER_PREFIX) if word.startswith(OVER_PREFIX) else ""


def read_axis(parameters: Mapping[str, Any]) -> Axis:
    word = parameters.get("x", Axis.STEP.value)
    if read_over(parameters):
        return Axis.STEP
    try:
        return Axis(word)
    except ValueError:
        raise InvalidValue(
            _("x must be one of %(words)s, or metrics.NAME, not %(word)r")
            % {"words": ", ".join(axis.value for axis in Axis), "word": word},
            field="x",
        ) from None


def read_grouping(parameters: Mapping[str, Any]) -> GraphGrouping:
    word = parameters.get("one", "")
    try:
        return GraphGrouping(word)
    except ValueError:
        raise InvalidValue(
            pgettext("request parameter", "one must be name, prefix or 1, not %(word)r")
            % {"word": word},
            field="one",
        ) from None


def read_smoothing(parameters: Mapping[str, Any]) -> float:
    text = parameters.get("smooth", "0")
    try:
        weight = float(text)
    except ValueError:
        # Out of range, so that the check below refuses it with the same message.
        weight = -1
    if not 0 <= weight <= MAX_SMOOTHING:
        raise InvalidValue(
            _("smooth must be a number from 0 to %(limit)s, not %(text)r")
            % {"limit": MAX_SMOOTHING, "text": text},
            field="smooth",
        )
    return weight
