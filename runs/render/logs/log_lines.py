"""From the bytes of lines to what a page shows of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from runs.render.logs.json_lines import (
    json_cells,
    json_level,
    json_time,
    parse_object,
)
from runs.render.logs.levels import find_level
from runs.render.logs.terminal_text import (
    PLAIN,
    TextSpan,
    TextStyle,
    last_state,
    plain_text,
    style_after,
    styled_spans,
)
from runs.render.logs.time_stamps import LogClock, find_time
from runs.render.logs.tracebacks import TracebackFinder

#: A longer line is cut: one of ten megabytes would stop the browser.
MAX_LINE_CHARS = 10_000
#: Bytes of a character in the encodings that are read, at most.
MAX_CHAR_BYTES = 4


@dataclass(frozen=True)
class RawLine:
    """A line's bytes without its line end; `start` is its first byte in the log.

    Of a very long line, `data` has the start and `tail` the end, and `size` counts all
    bytes. `updates` is then the number of carriage returns; None if not counted. An
    excerpt is UTF-8 from the middle of such a line.
    """

    number: int
    start: int
    data: bytes
    size: int
    tail: bytes = b""
    updates: int | None = None
    is_excerpt: bool = False


@dataclass(frozen=True)
class LogLine:
    """A line as it is shown.

    `updates` counts the states of a progress bar that were folded into the last one: 0
    if there was one state, -1 if they were not counted. `time` is in ms since the
    epoch. `cut_bytes` is the size of a line that is not shown whole. `cells` are the
    values of the log's columns if its lines are JSON objects.
    """

    number: int
    start: int
    spans: tuple[TextSpan, ...]
    updates: int = 0
    level: str = ""
    time: int | None = None
    in_traceback: bool = False
    cut_bytes: int = 0
    cells: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return "".join(span.text for span in self.spans)


@dataclass
class LineContext:
    """What earlier lines leave for later ones, and what is known of the whole log."""

    encoding: str = "utf-8"
    clock: LogClock = field(default_factory=LogClock)
    columns: Sequence[str] = ()
    style: TextStyle = PLAIN
    tracebacks: TracebackFinder = field(default_factory=TracebackFinder)


def decode_line(data: bytes, encoding: str, *, is_first: bool = False) -> str:
    text = data.decode(encoding, errors="replace")
    return text.removeprefix("\ufeff") if is_first else text


def read_lines(raw_lines: Iterable[RawLine], context: LineContext) -> Iterator[LogLine]:
    """Read lines in order; `context` then fits the line after the last one."""
    return (_read_line(raw, context) for raw in raw_lines)


def _read_line(raw: RawLine, context: LineContext) -> LogLine:
    encoding = "utf-8" if raw.is_excerpt else context.encoding
    whole = decode_line(raw.data, encoding, is_first=raw.start == 0)
    shown, updates = last_state(whole)
    if raw.tail:
        shown, updates = _last_state_of_long_line(raw, whole, context.encoding)
        cut = len(raw.data) < raw.size
    else:
        cut = False
    plain = plain_text(shown)
    in_traceback = context.tracebacks.read(raw.number, plain[:MAX_LINE_CHARS])
    if len(shown) > MAX_LINE_CHARS:
        cut, shown = True, shown[:MAX_LINE_CHARS]
    spans, _style = styled_spans(shown, context.style)
    # Codes of overwritten states count, too: a terminal has executed them.
    context.style = style_after(whole, context.style)
    found = parse_object(plain) if plain.startswith("{") else None
    return LogLine(
        raw.number,
        raw.start,
        spans,
        updates,
        json_level(found) if found else find_level(plain),
        json_time(found, context.clock) if found else find_time(plain, context.clock),
        in_traceback,
        raw.size if cut and "\r" not in whole else 0,
        json_cells(found, context.columns) if found and context.columns else (),
    )


def _last_state_of_long_line(
    raw: RawLine, start: str, encoding: str
) -> tuple[str, int]:
    """Return the end of a progress bar, and the start of other text."""
    if "\r" not in start:
        return start, 0
    tail = decode_line(raw.tail, encoding).rstrip("\n")
    # The first state of the tail was cut.
    state, _states = last_state(tail.partition("\r")[2] or tail)
    return state, -1 if raw.updates is None else raw.updates
