"""Lines of logs: colors, progress bars, levels, time stamps, tracebacks, HTML."""

from runs.render.logs.json_lines import (
    json_cells,
    json_columns,
    json_level,
    json_time,
    parse_object,
)
from runs.render.logs.levels import LEVEL_PATTERNS, LEVELS, find_level
from runs.render.logs.line_differences import (
    LineDifference,
    equal_lines,
    line_difference,
)
from runs.render.logs.log_html import (
    line_html,
    marked_html,
    unnumbered_line_html,
)
from runs.render.logs.log_lines import (
    MAX_LINE_CHARS,
    LineContext,
    LogLine,
    RawLine,
    decode_line,
    read_lines,
)
from runs.render.logs.terminal_text import (
    PLAIN,
    TextSpan,
    TextStyle,
    last_state,
    plain_text,
    style_after,
    styled_spans,
)
from runs.render.logs.time_stamps import LogClock, find_stamp, find_time, has_zone
from runs.render.logs.tracebacks import (
    TRACEBACK_MARK,
    Traceback,
    TracebackFinder,
)

__all__ = [
    "LEVELS",
    "LEVEL_PATTERNS",
    "MAX_LINE_CHARS",
    "PLAIN",
    "TRACEBACK_MARK",
    "LineContext",
    "LineDifference",
    "LogClock",
    "LogLine",
    "RawLine",
    "TextSpan",
    "TextStyle",
    "Traceback",
    "TracebackFinder",
    "decode_line",
    "equal_lines",
    "find_level",
    "find_stamp",
    "find_time",
    "has_zone",
    "json_cells",
    "json_columns",
    "json_level",
    "json_time",
    "last_state",
    "line_difference",
    "line_html",
    "marked_html",
    "parse_object",
    "plain_text",
    "read_lines",
    "style_after",
    "styled_spans",
    "unnumbered_line_html",
]
