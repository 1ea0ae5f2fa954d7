from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from runs.render import formats

NOW = datetime(2026, 11, 24, 12, 54, tzinfo=UTC)


@pytest.mark.parametrize(
    ("length", "shown"),
    [
        (-5, "0.0 s"),
        (400, "0.4 s"),
        (41_000, "41 s"),
        (125_000, "2 min 05 s"),
        (48 * 60_000, "48 min"),
        (87 * 60_000, "1 h 27 min"),
        (364 * 60_000, "6 h 04 min"),
        (51 * 3_600_000, "2 d 3 h"),
    ],
)
def test_a_duration_has_at_most_two_units(length: int, shown: str) -> None:
    assert formats.duration(length) == shown


@pytest.mark.parametrize(
    ("length", "shown"),
    [
        (999, "0 s"),
        (3_374_000, "56 min 14 s"),
        (5_238_000, "1 h 27 min 18 s"),
    ],
)
def test_an_exact_duration_includes_seconds(length: int, shown: str) -> None:
    assert formats.exact_duration(length) == shown


def test_a_time_shows_the_year_only_if_it_is_not_this_year() -> None:
    assert formats.moment(datetime(2026, 11, 24, 9, 42), NOW) == "24 Nov, 09:42"
    assert formats.moment(datetime(2025, 1, 3, 9, 42), NOW) == "3 Jan 2025, 09:42"


def test_a_time_is_shown_in_the_readers_time_zone() -> None:
    tokyo = timezone(timedelta(hours=9))
    assert formats.local_time(0, tokyo).hour == 9


@pytest.mark.parametrize(
    ("length", "shown"),
    [(41_000, "41 s"), (720_000, "12 min"), (3 * 3_600_000, "3 h"), (10**9, "11 d")],
)
def test_an_age_is_rounded(length: int, shown: str) -> None:
    assert formats.ago(length) == shown
