"""The line of a moment, and the clock of stamps without a zone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from runs.render.logs import LogLine, read_lines
from runs.search.logs import WindowQuery, log_times, read_window
from tests.search.logs.log_files import log_folder, store_log

__all__ = ["log_folder"]
pytestmark = pytest.mark.usefixtures("log_folder")

START = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
START_MS = int(START.timestamp()) * 1000


def stamped(count: int, *, zone_hours: int = 0, between: bytes = b"") -> bytes:
    local = START + timedelta(hours=zone_hours, minutes=3)
    times = (local + timedelta(seconds=10 * n) for n in range(count))
    lines = (
        f"{time:%Y-%m-%d %H:%M:%S},000 INFO step {n}\n" for n, time in enumerate(times)
    )
    return between.join(map(str.encode, lines))


def line_at(data: bytes, seconds: float) -> str:
    """The line shown at a time after the first stamp."""
    moment = START_MS + 180_000 + int(seconds * 1000)
    window = read_window(store_log(data, START_MS), WindowQuery(at=moment))
    return next(line.text for line in window.lines if line.number == window.moment)


@pytest.mark.parametrize("zone_hours", [0, 2, -8, 5])
@pytest.mark.parametrize(
    ("seconds", "step"),
    [(0, 0), (9, 0), (10, 1), (25_000, 2500), (49_999, 4999), (1e9, 4999)],
)
def test_a_moment_leads_to_the_last_line_before_it(
    zone_hours: int, seconds: float, step: int
) -> None:
    assert line_at(stamped(5000, zone_hours=zone_hours), seconds).endswith(
        f" step {step}"
    )


def test_lines_without_stamps_are_passed_over() -> None:
    table = b"| a | b |\n" * 500
    assert line_at(stamped(300, between=table), 1234).endswith(" step 123")


def test_a_moment_is_not_looked_for_in_each_empty_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[int] = []
    read = read_lines

    def count(*given: Any) -> Iterator[LogLine]:
        for line in read(*given):
            seen.append(line.number)
            yield line

    monkeypatch.setattr(log_times, "read_lines", count)
    source = store_log(b"\n" * 1_000_000 + stamped(1), START_MS)
    assert read_window(source, WindowQuery(at=START_MS)).moment is None
    assert len(seen) < 100_000


def test_a_moment_before_the_log_leads_to_its_first_stamp() -> None:
    assert line_at(b"starting\n" + stamped(10), -3600).endswith(" step 0")


def test_a_log_without_stamps_has_no_moment() -> None:
    window = read_window(store_log(b"one\ntwo\n"), WindowQuery(at=START_MS))
    assert window.moment is None
    assert window.first == 1
