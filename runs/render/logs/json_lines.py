"""Logs whose lines are JSON objects: their columns, levels and times."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from runs.render.logs.levels import level_of_word
from runs.render.logs.time_stamps import LogClock, parse_moment

MAX_COLUMNS = 12
MAX_VALUE_CHARS = 2000
_TIME_KEYS = ("time", "timestamp", "ts", "@timestamp", "asctime", "datetime", "created")
_LEVEL_KEYS = ("level", "levelname", "severity", "lvl", "log.level")
_MESSAGE_KEYS = ("message", "msg", "event", "text")


def parse_object(text: str) -> dict[str, Any] | None:
    """Read a line as a JSON object; None if it is something else."""
    if not text.startswith("{") or not text.rstrip().endswith("}"):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def json_columns(lines: Iterable[str]) -> tuple[str, ...]:
    """Return the keys of the first lines; none if one of them is no object.

    Time, level and message come first, the others in the order of the lines.
    """
    keys: dict[str, None] = {}
    for line in lines:
        if not line.strip():
            continue
        found = parse_object(line.strip())
        if found is None:
            return ()
        keys.update(dict.fromkeys(found))
    first = (*_TIME_KEYS, *_LEVEL_KEYS, *_MESSAGE_KEYS)
    ranked = sorted(keys, key=lambda k: first.index(k) if k in first else len(first))
    return tuple(ranked[:MAX_COLUMNS])


def json_cells(found: dict[str, Any], columns: Sequence[str]) -> tuple[str, ...]:
    """Return the values of the columns as text; the last one has all other keys."""
    rest = {key: value for key, value in found.items() if key not in columns}
    cells = [_cell_text(found[key]) if key in found else "" for key in columns]
    return (*cells, _cell_text(rest) if rest else "")


def json_level(found: dict[str, Any]) -> str:
    found = _inner_record(found)
    for key in _LEVEL_KEYS:
        value = found.get(key)
        # loguru writes {"name": "INFO", "no": 20}.
        value = value.get("name") if isinstance(value, dict) else value
        if isinstance(value, str):
            return level_of_word(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return _level_of_number(value)
    return ""


def json_time(found: dict[str, Any], clock: LogClock) -> int | None:
    found = _inner_record(found)
    for key in _TIME_KEYS:
        value = found.get(key)
        value = value.get("timestamp") if isinstance(value, dict) else value
        time = parse_moment(value, clock)
        if time is not None:
            return time
    return None


def _inner_record(found: dict[str, Any]) -> dict[str, Any]:
    """Return the record of a line that loguru serialized, else the line itself."""
    record = found.get("record")
    return record if isinstance(record, dict) else found


def _level_of_number(value: int) -> str:
    """The numbers of Python's logging, which other loggers also use."""
    if value < 10 or value > 60:
        return ""
    return ("debug", "info", "warn", "error")[min(value // 10, 4) - 1]


def _cell_text(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = text.replace("\0", "\u2400")
    return text if len(text) <= MAX_VALUE_CHARS else f"{text[:MAX_VALUE_CHARS]}…"
