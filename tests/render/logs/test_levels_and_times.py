"""Levels and times as common loggers write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from runs.render.logs import (
    LEVEL_PATTERNS,
    LogClock,
    find_level,
    find_time,
    has_zone,
    json_level,
    json_time,
    parse_object,
)

MOMENT = datetime(2026, 11, 24, 12, 27, 40, tzinfo=UTC)
MS = int(MOMENT.timestamp()) * 1000
UTC_CLOCK = LogClock(0, 2026)

LINES = [
    # logging, with several formats
    ("ERROR:root:bad", "error", None),
    ("2026-11-24 12:27:40,123 INFO step 1", "info", 123),
    ("2026-11-24 12:27:40,123 - my.module - WARNING - low", "warn", 123),
    ("2026-11-24 12:27:40 [DEBUG] x", "debug", 0),
    ("[2026-11-24 12:27:40] [ERROR] x", "error", 0),
    ("my.module - CRITICAL - x", "error", None),
    ("WARNING: low memory", "warn", None),
    # loguru
    ("2026-11-24 12:27:40.123 | SUCCESS  | a.b:f:12 - done", "info", 123),
    # absl and glog
    ("I1124 12:27:40.123456 140 train.py:12] step", "info", 123),
    ("E20261124 12:27:40.1 140 train.py:12] bad", "error", 100),
    # rich
    ("[11/24/26 12:27:40] WARNING  low            train.py:12", "warn", 0),
    ("                    INFO     more           train.py:13", "info", None),
    # syslog, containers, web servers
    ("Nov 24 12:27:40 host app[12]: ERROR bad", "error", 0),
    ("2026-11-24T12:27:40.123Z ERROR bad", "error", 123),
    ("2026-11-24T14:27:40+02:00 info: started", "", 0),
    ('127.0.0.1 - - [24/Nov/2026:12:27:40 +0000] "GET /"', "", 0),
    ("ts=2026-11-24T12:27:40Z level=warn msg=x", "warn", 0),
    ("1795523260.5 INFO x", "info", 500),
    # ranks
    ("[rank0]: 2026-11-24 12:27:40 ERROR x", "error", 0),
    ("[rank1]:[W1124 12:27:40.123 ProcessGroupNCCL.cpp:1] x", "warn", 123),
    ("train.py:12: UserWarning: old", "warn", None),
    # sentences
    ("found 3 ERROR lines", "", None),
    ("loss 0.5 info", "", None),
    ("epoch 31: 100%|####| 196/196 [00:57<00:00, 3.42it/s]", "", None),
    ("no level here 12:27:40", "", None),
    ("2026-13-45 12:27:40 x", "", None),
    ("part 12345678901234 x", "", None),
    ("", "", None),
]


@pytest.mark.parametrize(("line", "level", "milliseconds"), LINES)
def test_a_line_has_level_and_time(
    line: str, level: str, milliseconds: int | None
) -> None:
    expected = None if milliseconds is None else MS + milliseconds
    assert (find_level(line), find_time(line, UTC_CLOCK)) == (level, expected)


@pytest.mark.parametrize("line", ["0001-01-01 00:00:00+10", "9999-12-31 23:59:59-99"])
def test_a_time_beyond_all_calendars_is_none(line: str) -> None:
    assert find_time(f"{line}:00 x", UTC_CLOCK) is None


@pytest.mark.parametrize("line", [line for line, level, _time in LINES if level])
def test_a_first_look_finds_each_level(line: str) -> None:
    assert re.search(LEVEL_PATTERNS[find_level(line)], line)


@pytest.mark.parametrize(
    ("line", "known"),
    [
        ("2026-11-24 12:27:40 x", False),
        ("2026-11-24 12:27:40+01:00 x", True),
        ("2026-11-24T12:27:40Z x", True),
        ("1795523260 x", True),
        ("I1124 12:27:40.1 x", False),
    ],
)
def test_stamps_without_a_zone_are_read_in_the_given_one(
    line: str, known: bool
) -> None:
    east = LogClock(120, 2026)
    assert has_zone(line) is known
    moved = (find_time(line, UTC_CLOCK) or 0) - (find_time(line, east) or 0)
    assert moved == (0 if known else 120 * 60_000)


@pytest.mark.parametrize(
    ("line", "level", "milliseconds"),
    [
        ('{"time": 1795523260.25, "level": "INFO"}', "info", 250),
        ('{"ts": 1795523260250, "severity": "error"}', "error", 250),
        (
            '{"timestamp": "2026-11-24T12:27:40.250Z", "levelname": "WARNING"}',
            "warn",
            250,
        ),
        ('{"asctime": "2026-11-24 12:27:40,250", "level": 20}', "info", 250),
        (
            '{"record": {"level": {"name": "DEBUG"}, "created": 1795523260.25}}',
            "debug",
            250,
        ),
        ('{"loss": 1, "time": true, "level": null}', "", None),
        ('{"time": 1e300, "level": 1e9}', "", None),
        ('{"time": NaN, "level": [1]}', "", None),
        (f'{{"time": 1{"0" * 400}, "level": 1{"0" * 400}}}', "", None),
        ('{"time": "0001-01-01 00:00:00+10:00"}', "", None),
    ],
)
def test_json_lines_have_level_and_time(
    line: str, level: str, milliseconds: int | None
) -> None:
    found = parse_object(line)
    assert found is not None
    expected = None if milliseconds is None else MS + milliseconds
    assert (json_level(found), json_time(found, UTC_CLOCK)) == (level, expected)


@pytest.mark.parametrize("line", ["[1]", "{", '{"a": }', "{" * 100_000 + "}", "x {}"])
def test_other_lines_are_no_objects(line: str) -> None:
    assert parse_object(line) is None
