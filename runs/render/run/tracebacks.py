"""What went wrong, in one line."""

from __future__ import annotations

LONGEST = 300


def headline(error: str) -> str:
    """The line that names the error: the exception below a traceback's frames, else the
    first line.
    """
    lines = [line.rstrip() for line in error.splitlines() if line.strip()]
    if not lines:
        return ""
    starts = [n for n, line in enumerate(lines) if line.startswith("Traceback (")]
    if not starts:
        return _clipped(lines[0])
    below = lines[starts[-1] + 1 :]
    return _clipped(next((line for line in below if not line[:1].isspace()), lines[-1]))


def _clipped(line: str) -> str:
    line = line.strip()
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"


def parted(error: str) -> tuple[str, str]:
    """A traceback's frames, and what stands below them; no frames without one."""
    line = headline(error)
    before, found, after = error.strip().rpartition(f"\n{line}")
    return (f"{before}\n", f"{line}{after}") if found else ("", error.strip())
