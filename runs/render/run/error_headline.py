"""The line of an error text that names the error, without the frames above it."""

from __future__ import annotations

MAX_HEADLINE_CHARS = 300


def headline_of_error(error: str) -> str:
    """The line that names the error: the exception below a traceback's frames, else the
    first line.
    """
    lines = [line.rstrip() for line in error.splitlines() if line.strip()]
    if not lines:
        return ""
    starts = [n for n, line in enumerate(lines) if line.startswith("Traceback (")]
    if not starts:
        return _shorten_line(lines[0])
    # The last traceback: a chain of exceptions ends with the one that was not caught.
    below = lines[starts[-1] + 1 :]
    return _shorten_line(
        next((line for line in below if not line[:1].isspace()), lines[-1])
    )


def _shorten_line(line: str) -> str:
    line = line.strip()
    return line if len(line) <= MAX_HEADLINE_CHARS else f"{line[:MAX_HEADLINE_CHARS]}…"


def split_traceback(error: str) -> tuple[str, str]:
    """A traceback's frames, and what stands below them; no frames without one."""
    line = headline_of_error(error)
    before, found, after = error.strip().rpartition(f"\n{line}")
    return (f"{before}\n", f"{line}{after}") if found else ("", error.strip())
