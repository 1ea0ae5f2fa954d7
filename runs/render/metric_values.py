"""A series' head as it is shown: last, least and greatest value."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from runs.render.numbers import number

MISSING = "–"
LONGEST = 60


@dataclass(frozen=True)
class Shown:
    """A value's text; `full` is every digit of it; `bad` marks what is no number."""

    text: str
    full: str = ""
    bad: bool = False


class Head(Protocol):
    last: float | None
    last_is_nan: bool
    last_text: str | None
    min: float | None
    max: float | None


def heads_shown(head: Head) -> tuple[Shown, Shown, Shown]:
    return last_shown(head), shown(head.min), shown(head.max)


def last_shown(head: Head) -> Shown:
    if head.last_text is not None:
        return shown(head.last_text)
    return shown(math.nan if head.last_is_nan else head.last)


def shown(value: float | int | str | bool | None) -> Shown:
    if value is None:
        return Shown(MISSING)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        text = str(value)
        return Shown(text if len(text) <= LONGEST else f"{text[:LONGEST]}…", text)
    odd = isinstance(value, float) and not math.isfinite(value)
    return Shown(number(value), repr(value), odd)
