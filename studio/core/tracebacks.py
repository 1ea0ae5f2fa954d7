"""The traceback that ended a program, found in what the program printed."""

from __future__ import annotations

import re
from collections.abc import Sequence

HEADER = "Traceback (most recent call last)"
#: What Python prints between the tracebacks of one error.
_LINKS = (
    "During handling of the above exception, another exception occurred:",
    "The above exception was the direct cause of the following exception:",
)
_ESCAPE_SEQUENCE = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)"
)
#: The error's own text goes on below its first line, up to this number of lines.
MAX_MESSAGE_LINES = 10


def last_traceback(text: str, limit: int) -> str:
    """The last traceback with the ones that caused it; empty if there is none.

    Of more than `limit` characters, those at the end are returned. What each line
    begins with, such as the rank of a process, is removed.
    """
    plain = _ESCAPE_SEQUENCE.sub("", text).replace("\r\n", "\n").replace("\x00", "")
    lines = [line.rpartition("\r")[2].rstrip() for line in plain.split("\n")]
    headers = [number for number, line in enumerate(lines) if HEADER in line]
    if not headers:
        return ""
    first = headers[-1]
    for header in reversed(headers[:-1]):
        if not _is_linked(lines[header:first]):
            break
        first = header
    end = _end_of_error(lines, headers[-1])
    prefix = lines[headers[-1]].partition(HEADER)[0]
    found = [line.removeprefix(prefix) for line in lines[first:end]]
    return "\n".join(found).strip("\n")[-limit:]


def _is_linked(lines: Sequence[str]) -> bool:
    """Whether the lines from one traceback up to another end with a link to it."""
    ends = [line for line in lines if line.strip()][-1:]
    return bool(ends) and ends[0].endswith(_LINKS)


def _end_of_error(lines: Sequence[str], header: int) -> int:
    """The number of the line after the error's text."""
    prefix = lines[header].partition(HEADER)[0]
    number = header + 1
    while number < len(lines):
        line = lines[number].removeprefix(prefix)
        number += 1
        if line and not line[0].isspace():
            # `ValueError:` alone: the text is below.
            rest = 0 if not line.endswith(":") else MAX_MESSAGE_LINES
            while rest and number < len(lines):
                number, rest = number + 1, rest - 1
            break
    return number
