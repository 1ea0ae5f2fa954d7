"""Columns of a table while it grows: compact arrays, whatever library gets them.

A number takes 9 bytes, and repeated texts are stored once, so that a table of a million
rows fits into memory.
"""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from studio.sdk.value_conversion import from_wire

#: What the values of a column are. Times are milliseconds since 1970, durations
#: milliseconds. A number can be a text in some rows. A parameter is text, and becomes a
#: number if all values of its column are numbers.
TEXT, NUMBER, INTEGER, BOOLEAN = "text", "number", "integer", "boolean"
TIME, DURATION, MAP, PARAMETER = "time", "duration", "map", "parameter"

#: The number of texts of a column that are stored once.
MAX_SHARED_TEXTS = 50_000
#: The name of the column with the texts of a column of numbers, as in exports.
TEXTS_NAME = "{} (text)"

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_WHOLE = re.compile(r"-?(0|[1-9]\d{0,17})", re.ASCII)
#: As numbers are usually written. Other texts of digits can be codes, such as 007, the
#: hash 1234e56 or a long id, which a number would not keep.
_DECIMAL = re.compile(
    r"[+-]?(?:(?:0|[1-9]\d{0,14})(?:\.\d*)?|\.\d+|\d(?:\.\d*)?[eE][+-]?\d{1,3})",
    re.ASCII,
)
_NONFINITE = frozenset({"nan", "inf", "-inf"})
_LOGGED_WORDS = {"null": None, "true": True, "false": False}
#: Shorter ones are numbers, not texts, and longer ones than 64 bits are texts.
_LONG_WHOLE = re.compile(r"-?[1-9]\d{15,18}", re.ASCII)


def to_datetime(milliseconds: int) -> datetime:
    """The time in UTC."""
    # `fromtimestamp` fails for times before 1970 on some systems.
    return _EPOCH + timedelta(milliseconds=milliseconds)


def to_python(kind: str, value: Any) -> Any:
    """A value as Python has it: times with their zone (UTC), durations in seconds."""
    if value is None:
        return None
    if kind == TIME:
        return to_datetime(value)
    if kind == DURATION:
        return value / 1000
    return metric_value(value) if kind == NUMBER else value


class TypedColumn:
    """The values of one column. None is a missing value."""

    def __init__(self, name: str, kind: str) -> None:
        self.name = name
        self.kind = kind
        #: Numbers, times (milliseconds) and durations (seconds); 0 where none is.
        self.numbers: array[Any] = array("q" if kind in (INTEGER, TIME) else "d")
        #: 1 for each missing number.
        self.missing = bytearray()
        #: Texts, booleans and maps.
        self.objects: list[Any] = []
        #: The texts of a column of numbers, by their rows.
        self.texts: dict[int, str] = {}
        self._shared: dict[str, str] = {}

    @property
    def is_numeric(self) -> bool:
        """Whether `numbers` has the values, not `objects`."""
        return self.kind in (NUMBER, INTEGER, TIME, DURATION)

    def __len__(self) -> int:
        return len(self.missing) if self.is_numeric else len(self.objects)

    def extend(self, values: Sequence[Any]) -> None:
        """Append values as the server sends them."""
        if self.kind == NUMBER:
            self._extend_numbers(values)
        elif self.is_numeric:
            self.missing.extend(value is None for value in values)
            scale = 1000 if self.kind == DURATION else 1
            known = [0 if value is None else value for value in values]
            self.numbers.extend(
                [value / scale for value in known] if scale != 1 else known
            )
        elif self.kind in (TEXT, PARAMETER):
            self.objects.extend(map(self._share_text, values))
        else:
            self.objects.extend(values)

    def _extend_numbers(self, values: Sequence[Any]) -> None:
        start = len(self.missing)
        for row, value in enumerate(values, start):
            number = metric_value(value)
            if isinstance(number, (int, float)):
                self.numbers.append(number)
                self.missing.append(0)
                continue
            self.numbers.append(0.0)
            self.missing.append(1)
            if number is not None:
                self.texts[row] = _to_valid_text(str(number))

    def _share_text(self, value: Any) -> str | None:
        if value is None:
            return None
        known = self._shared.get(value)
        if known is None:
            known = _to_valid_text(value)
            if len(self._shared) < MAX_SHARED_TEXTS:
                self._shared[value] = known
        return known

    def values(self) -> Iterator[Any]:
        """The values in order; None for a missing one."""
        if not self.is_numeric:
            yield from self.objects
            return
        for number, is_missing in zip(self.numbers, self.missing):
            yield None if is_missing else number

    def finished(self) -> list[TypedColumn]:
        """The column, and behind it that of its texts if it has any.

        A parameter becomes a number or a text.
        """
        if self.kind == PARAMETER:
            return [_finish_parameter(self)]
        if not self.texts:
            return [self]
        texts = TypedColumn(TEXTS_NAME.format(self.name), TEXT)
        texts.objects = [self.texts.get(row) for row in range(len(self))]
        return [self, texts]


def _finish_parameter(column: TypedColumn) -> TypedColumn:
    """The column as integers or numbers if each text is one, else as texts."""
    distinct = {text for text in column.objects if text is not None}
    numbers: dict[str | None, float] = {}
    if all(map(_WHOLE.fullmatch, distinct)):
        kind = INTEGER
        numbers = {text: int(text) for text in distinct}
    elif all(map(_is_number, distinct)):
        kind = NUMBER
        numbers = {text: float(text) for text in distinct}
    if not numbers:
        column.kind = TEXT
        return column
    found = TypedColumn(column.name, kind)
    found.missing.extend(text is None for text in column.objects)
    found.numbers.extend([numbers.get(text, 0) for text in column.objects])
    return found


def _is_number(text: str) -> bool:
    if text in _NONFINITE:
        return True
    return bool(_DECIMAL.fullmatch(text)) and math.isfinite(float(text))


def metric_value(value: Any) -> Any:
    """A metric's value as it was logged: the server has some numbers as texts.

    These are whole numbers that a float does not keep, booleans, None, and numbers that
    are not finite.
    """
    if not isinstance(value, str):
        return value
    if value in _LOGGED_WORDS:
        return _LOGGED_WORDS[value]
    return int(value) if _LONG_WHOLE.fullmatch(value) else from_wire(value)


def _to_valid_text(text: str) -> str:
    """The text without half surrogates, which Arrow refuses."""
    return text if text.isascii() else text.encode(errors="replace").decode()
