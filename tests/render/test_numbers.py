from __future__ import annotations

import math

import pytest

from runs.render import formats
from runs.render.formats import axis_format


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"),
        (0.0, "0"),
        (12.0, "12"),
        (0.81374, "0.8137"),
        (0.05, "0.05"),
        (0.0103, "0.0103"),
        (18.4249, "18.42"),
        (-1.28449, "-1.284"),
        (32768, "32,768"),
        (12345.678, "12,346"),
        (4.2e-5, "4.2e-5"),
        (1_234_567_894, "1,234,567,894"),
        (6.02e23, "6.02e+23"),
        (10**400, "1e+400"),
        (math.nan, "NaN"),
        (math.inf, "Infinity"),
        (-math.inf, "-Infinity"),
    ],
)
def test_a_number_keeps_four_digits(value: float, shown: str) -> None:
    assert formats.number(value) == shown


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([0.8137, 0.7642, 0.0103, 0.612], ["0.8137", "0.7642", "0.0103", "0.6120"]),
        ([0.694, 0.911, 1.4031, None], ["0.694", "0.911", "1.403", None]),
        ([1, 20, 300], ["1", "20", "300"]),
        ([0.5, math.nan, 1e-9], ["0.5", "NaN", "1e-9"]),
        ([1_234_567, 1.5, 0.04], ["1,234,567", "1.5", "0.04"]),
        ([18.42, 0.0412, -math.inf], ["18.4200", "0.0412", "-Infinity"]),
        ([3e-5, 0.0, 2e12], ["3e-5", "0", "2e+12"]),
        ([7, 2.5], ["7.0", "2.5"]),
        ([], []),
        ([0.0, 0.0], ["0", "0"]),
    ],
)
def test_a_columns_numbers_share_their_decimals(
    values: list[float | None], shown: list[str | None]
) -> None:
    assert formats.align_decimals(values) == shown


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0 bytes"),
        (812, "812 bytes"),
        (1_234, "1.2 KB"),
        (418_000, "418 KB"),
        (97_800_000, "97.8 MB"),
        (999_900, "1 MB"),
        (5 * 10**15, "5000 TB"),
    ],
)
def test_a_size_has_three_digits(size: int, shown: str) -> None:
    assert formats.filesize(size) == shown


@pytest.mark.parametrize(
    ("values", "limit", "tooltip"),
    [
        # Plotly writes an exponent where it is greater than the limit.
        ([1_234_567_894, 7], 11, ",d"),
        ([0.81374, math.nan, None], 11, ",.6~g"),
        ([1e-4, 4.2e-5], 3, ".5~e"),
        ([3e303, 2.0, "text"], 11, ",.6~g"),
        ([], 11, ",.6~g"),
    ],
)
def test_an_axis_writes_numbers_as_cells_do(
    values: list[object], limit: int, tooltip: str
) -> None:
    shown = axis_format(values)
    assert (shown["minexponent"], shown["hoverformat"]) == (limit, tooltip)
    assert (shown["exponentformat"], shown["separatethousands"]) == ("e", True)


@pytest.mark.parametrize(
    ("text", "shown"), [("0123456789" * 4, "0123456"), ("main-2026", "main-2026")]
)
def test_a_commit_is_read_by_seven_digits(text: str, shown: str) -> None:
    assert formats.short_hash(text) == shown
