"""The last lines of a log, as a terminal would show them, without colors."""

from __future__ import annotations

import re

from runs.render.files.text_lines import decode_text

MAX_SHOWN_CHARS = 400
_ESCAPE_SEQUENCE = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)"
)


def last_text_lines(data: bytes, count: int, *, is_cut: bool) -> list[str]:
    """Return the last `count` lines that are not empty.

    With `is_cut` the data begins inside a line, which is left out if there are others.
    """
    text = _ESCAPE_SEQUENCE.sub("", decode_text(data)).replace("\r\n", "\n")
    rows = text.split("\n")
    if is_cut and len(rows) > 1:
        rows = rows[1:]
    # A progress bar overwrites its line: the last state is what a terminal shows.
    shown = (row.rstrip("\r").rpartition("\r")[2].rstrip() for row in rows)
    return [row[:MAX_SHOWN_CHARS] for row in shown if row][-count:]
