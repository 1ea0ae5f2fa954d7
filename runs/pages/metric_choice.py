"""What the Metrics tab shows, as its address says it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

from runs.models import Metric
from runs.render.chart_axes import Axis
from runs.search.run_metrics import is_drawn
from studio.core.errors import InvalidValue

#: Charts that are open when the address names none.
FIRST_CHARTS = 6
MOST_CHOSEN = 40
HEAVIEST = 0.99


@dataclass(frozen=True)
class Choice:
    """`keys` are the chosen metrics; `default` says that nobody chose them."""

    keys: tuple[str, ...]
    default: bool = False
    axis: Axis = Axis.STEP
    weight: float = 0.0
    log_y: bool = False
    one: bool = False
    table: bool = False

    def query(self, **changes: Any) -> str:
        """The address's query, defaults left out."""
        asked = replace(self, **changes)
        pairs: list[tuple[str, str]] = []
        if not asked.default:
            pairs = [("key", key) for key in asked.keys] or [("none", "1")]
        pairs += asked.look()
        return urlencode(pairs)

    def look(self) -> list[tuple[str, str]]:
        """How it is drawn, without what."""
        said = {
            "x": "" if self.axis is Axis.STEP else self.axis.value,
            "smooth": f"{self.weight:g}" if self.weight else "",
            "log": "1" if self.log_y else "",
            "one": "1" if self.one else "",
            "show": "table" if self.table else "",
        }
        return [(name, value) for name, value in said.items() if value]


def read_choice(asked: QueryDict, heads: Sequence[Metric]) -> Choice:
    """The choice in a query string; raises InvalidValue naming the parameter."""
    names = [head.key.name for head in heads]
    keys, default = _keys(asked, heads, names)
    return Choice(
        keys[:MOST_CHOSEN],
        default,
        read_axis(asked),
        read_weight(asked),
        asked.get("log") == "1",
        asked.get("one") == "1",
        asked.get("show") == "table",
    )


def _keys(
    asked: QueryDict, heads: Sequence[Metric], names: Sequence[str]
) -> tuple[tuple[str, ...], bool]:
    if asked.get("none"):
        return (), False
    if asked.get("all"):
        return tuple(names), False
    chosen = set(asked.getlist("key"))
    if chosen:
        return tuple(name for name in names if name in chosen), False
    drawn = _worth_drawing(heads)
    plain = [name for name in drawn if not name.startswith("system/")]
    return tuple((plain or drawn)[:FIRST_CHARTS]), True


def _worth_drawing(heads: Sequence[Metric]) -> list[str]:
    """The series that make a line, if any do: a lone point says little in a chart."""
    drawn = [head for head in heads if is_drawn(head)]
    lines = [head for head in drawn if head.count > 1]
    return [head.key.name for head in lines or drawn]


def read_axis(asked: Mapping[str, Any]) -> Axis:
    word = asked.get("x", Axis.STEP.value)
    try:
        return Axis(word)
    except ValueError:
        raise InvalidValue(
            f"x is one of {', '.join(axis.value for axis in Axis)}, not {word!r}",
            field="x",
        ) from None


def read_weight(asked: Mapping[str, Any]) -> float:
    text = asked.get("smooth", "0")
    try:
        weight = float(text)
    except ValueError:
        weight = -1
    if not 0 <= weight <= HEAVIEST:
        raise InvalidValue(
            f"smooth is a number from 0 to {HEAVIEST}, not {text!r}", field="smooth"
        )
    return weight
