"""Tables that were logged as a metric: their columns, and which of them are drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runs.render.metrics.values import DisplayValue, display_column, is_number

#: More columns than these are in the download only.
MAX_COLUMNS = 50
#: How a kind is shown by default.
DEFAULT_VIEW: Mapping[str, str] = {
    "confusion_matrix": "counts",
    "accuracy_table": "roc",
    "residuals": "chart",
    "predictions": "chart",
}


@dataclass(frozen=True)
class LoggedTable:
    """`numeric` are the columns that have nothing but numbers."""

    columns: Sequence[str]
    numeric: Sequence[str]
    rows: Sequence[Sequence[DisplayValue]]

    @property
    def default_view(self) -> str:
        """Two columns of numbers are a line; of more the reader chooses two."""
        two = len(self.columns) == 2 and len(self.numeric) == 2
        return "chart" if two else "table"

    @property
    def cells_with_alignment(self) -> list[list[tuple[bool, DisplayValue]]]:
        """Each cell with whether its column has nothing but numbers."""
        sides = [name in self.numeric for name in self.columns]
        return [list(zip(sides, row, strict=True)) for row in self.rows]

    def columns_to_draw(self, x: str, y: str) -> tuple[str, str]:
        """The two columns to draw: those asked for, else the first ones; or none."""
        if len(self.numeric) < 2:
            return "", ""
        x = x if x in self.numeric else self.numeric[0]
        # A column drawn over itself would be a diagonal.
        others = [column for column in self.numeric if column != x]
        return x, y if y in others else others[0]


def build_logged_table(rows: Sequence[Any]) -> LoggedTable:
    """What is no row of a table (an object) is left out."""
    given = [row for row in rows if isinstance(row, dict)]
    columns = list(dict.fromkeys(name for row in given for name in row))[:MAX_COLUMNS]
    numeric = [name for name in columns if _is_numeric(given, name)]
    cells = [_display_column(given, name) for name in columns]
    return LoggedTable(columns, numeric, list(zip(*cells, strict=True)))


def column_pairs(rows: Sequence[Any], x: str, y: str) -> list[tuple[float, float]]:
    """The numbers of two columns, row by row; rows without both are left out."""
    return [
        (as_number(row[x]), as_number(row[y]))
        for row in rows
        if isinstance(row, dict)
        and is_number_or_word(row.get(x))
        and is_number_or_word(row.get(y))
    ]


NONFINITE_WORDS = {"NaN", "Infinity", "-Infinity"}


def is_number_or_word(value: Any) -> bool:
    """Whether it is a number; JSON has words for those that are none."""
    return is_number(value) or (isinstance(value, str) and value in NONFINITE_WORDS)


def as_number(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        # An integer in JSON can be larger than any float.
        return float("inf") if value > 0 else float("-inf")


def _is_numeric(rows: Sequence[dict[str, Any]], name: str) -> bool:
    values = [row[name] for row in rows if row.get(name) is not None]
    return bool(values) and all(map(is_number_or_word, values))


def _display_column(rows: Sequence[dict[str, Any]], name: str) -> list[DisplayValue]:
    return display_column(
        [(_plain_value(row[name]),) if name in row else None for row in rows]
    )


def _plain_value(value: Any) -> Any:
    """A cell: lists and objects, which tables of others may hold, as text."""
    if isinstance(value, str) and value in NONFINITE_WORDS:
        return float(value)
    return str(value) if isinstance(value, (list, dict)) else value
