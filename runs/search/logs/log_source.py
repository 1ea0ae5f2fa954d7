"""Which log is read, and how the clock of its lines goes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from runs.models import File, Run
from runs.render.logs import (
    LogClock,
    decode_line,
    find_time,
    has_zone,
    json_columns,
    last_state,
    plain_text,
)
from runs.search.files import find_file
from runs.storage.logs import BLOCK_BYTES, LogReader, open_log

#: A request counts the lines of a log for this time; the next one continues.
COUNT_SECONDS = 0.5
#: Lines at the start of a log that tell its columns and its clock.
_FIRST_LINES = 200
_JSON_LINES = 20
_ZONE_STEP_MINUTES = 30
#: A machine's clock can be this much behind the server's.
_CLOCK_TOLERANCE_MINUTES = 2
_MAX_OFFSET_MINUTES = 14 * 60


@dataclass(frozen=True)
class LogSource:
    """A stored log: the first `size` bytes of a blob; `started` is the run's, in ms.

    With `count_seconds=None`, all its lines are counted, however long that takes.
    """

    path: str
    blob: str
    size: int
    version: str
    started: int | None
    count_seconds: float | None = None

    @contextmanager
    def open(self) -> Iterator[LogReader]:
        """Open the log; raises MissingBytes, OSError."""
        with open_log(self.blob, self.size, self.count_seconds) as reader:
            yield reader


def find_log_source(run: Run, path: str, model_id: str = "") -> LogSource:
    """Return a file of the run, or of a model that it wrote, as a log.

    Raises NotFound, InvalidName.
    """
    return source_of_file(run, find_file(run, path, model_id))


def source_of_file(run: Run, file: File) -> LogSource:
    return LogSource(
        file.path, file.blob, file.size, file.version, run.started, COUNT_SECONDS
    )


@dataclass(frozen=True)
class LogShape:
    """What the first lines of a log tell about all of them."""

    columns: tuple[str, ...]
    clock: LogClock


def read_shape(reader: LogReader, started: int | None) -> LogShape:
    lines = _first_lines(reader)
    return LogShape(json_columns(lines[:_JSON_LINES]), _find_clock(lines, started))


def _first_lines(reader: LogReader) -> list[str]:
    data = reader.read(0, BLOCK_BYTES)
    if len(data) < reader.size:
        # The last line can be cut.
        data = data[: reader.find_last_line_end(data)] or data
    text = decode_line(data, reader.encoding, is_first=True)
    lines = text.split("\n", _FIRST_LINES)[:_FIRST_LINES]
    return [plain_text(last_state(line)[0]) for line in lines]


def _find_clock(lines: list[str], started: int | None) -> LogClock:
    """Find the zone in which the lines' stamps are, if they don't name it.

    A run's first stamp is written shortly after its start, which the server knows in
    UTC. So the half hours between the two are the zone's offset. Without a start, or
    if the two are days apart, stamps are read as UTC.
    """
    if started is None:
        return LogClock(0, datetime.now(UTC).year)
    try:
        year = datetime.fromtimestamp(started / 1000, UTC).year
    except (ValueError, OverflowError):
        # A client can send any number.
        return LogClock(0, datetime.now(UTC).year)
    utc = LogClock(0, year)
    for line in lines:
        time = find_time(line, utc)
        if time is not None:
            minutes = 0 if has_zone(line) else _offset_minutes(time - started)
            return LogClock(minutes, year)
    return utc


def _offset_minutes(difference_ms: int) -> int:
    minutes = difference_ms // 60_000 + _CLOCK_TOLERANCE_MINUTES
    offset = minutes // _ZONE_STEP_MINUTES * _ZONE_STEP_MINUTES
    return offset if abs(offset) <= _MAX_OFFSET_MINUTES else 0
