"""What becomes a number in a column, and what stays as it was logged."""

from __future__ import annotations

import math
from typing import Any

import pytest

from studio.sdk.data_frames import (
    INTEGER,
    NUMBER,
    PARAMETER,
    TEXT,
    TypedColumn,
    to_python,
)

PARAMETERS: list[tuple[list[str], str, list[Any]]] = [
    (["1", "-20", "0"], INTEGER, [1, -20, 0]),
    (["1", "0.5", "1e-4", "2E5", ".5", "3."], NUMBER, [1, 0.5, 1e-4, 2e5, 0.5, 3.0]),
    (["inf", "1"], NUMBER, [math.inf, 1.0]),
    (["123456789012345678"], INTEGER, [123456789012345678]),
    (["007"], TEXT, ["007"]),
    (["7e12345"], TEXT, ["7e12345"]),
    (["1234e56"], TEXT, ["1234e56"]),
    (["9e999"], TEXT, ["9e999"]),
    (["12345678901234567890"], TEXT, ["12345678901234567890"]),
    # Decimals are floats, which do not keep the other value.
    (["9007199254740993", "0.5"], TEXT, ["9007199254740993", "0.5"]),
    (["1", "x"], TEXT, ["1", "x"]),
    (["True", "False"], TEXT, ["True", "False"]),
    (["١"], TEXT, ["١"]),
    ([""], TEXT, [""]),
]


@pytest.mark.parametrize(("texts", "kind", "values"), PARAMETERS)
def test_parameters_are_numbers_only_if_nothing_is_lost(
    texts: list[str], kind: str, values: list[Any]
) -> None:
    column = TypedColumn("params.x", PARAMETER)
    column.extend([*texts, None])
    [found] = column.finished()
    assert (found.kind, list(found.values())) == (kind, [*values, None])


def test_metrics_have_the_values_that_were_logged() -> None:
    sent = [0.5, "NaN", "Infinity", "null", "true", "false", "oops", str(2**60 + 1)]
    column = TypedColumn("metrics.x", NUMBER)
    column.extend([*sent, None])
    [numbers, texts] = column.finished()
    expected = [0.5, math.nan, math.inf, None, 1.0, 0.0, None, float(2**60 + 1), None]
    assert str(list(numbers.values())) == str(expected)
    assert [text for text in texts.values() if text is not None] == ["oops"]
    rows = [to_python(NUMBER, value) for value in sent]
    logged = [0.5, math.nan, math.inf, None, True, False, "oops", 2**60 + 1]
    assert str(rows) == str(logged)


def test_half_surrogates_are_replaced() -> None:
    column = TypedColumn("name", TEXT)
    column.extend(["a\ud800b", "é"])
    assert list(column.values()) == ["a?b", "é"]
