"""Which errors are the same error: the kind of one, whatever its numbers are.

A kind is made of the exception's type and the innermost frames of the user's own code
(file and function, no line numbers); of a text without a traceback, of its first line
with numbers, addresses and ids taken out.
"""

from __future__ import annotations

import re
from hashlib import blake2b

#: Number of own frames, and of characters of a text's first line, in a kind.
FRAMES, MAX_LINE_CHARS = 3, 300
#: A kind has no more characters.
MAX_ERROR_KIND = 64
_FRAME = re.compile(r'^\s+File "(?P<path>[^"]+)", line \d+, in (?P<name>\S+)')
_TYPE = re.compile(r"^(?P<type>[A-Za-z_][\w.]{0,120})(?=:|$)")
_LOCATION = re.compile(r"^User program failed with ")
_LIBRARY_PATH = re.compile(r"site-packages|dist-packages|/lib/python\d|\\lib\\|^<")
_VARYING_TEXT = re.compile(
    r"0x[0-9a-fA-F]+|\b[0-9a-fA-F]{8,}(?:-[0-9a-fA-F]{4,})*\b|\d+(?:\.\d+)?"
)
_SLASH = re.compile(r"[/\\]")
_TRACEBACK = "Traceback (most recent call last)"


def error_kind(error: str) -> str | None:
    """`OutOfMemoryError-4f0c7d2a91`; None for no error."""
    lines = [line.rstrip() for line in error.splitlines() if line.strip()]
    if not lines:
        return None
    starts = [n for n, line in enumerate(lines) if _TRACEBACK in line]
    # Chained exceptions have several tracebacks; the last one ended the script.
    below = lines[starts[-1] + 1 :] if starts else lines
    # Frames are indented, so the first flush line is the exception's own.
    flush = [line for line in below if not line[:1].isspace()]
    # The SDK begins the errors of a script with these words.
    headline = _LOCATION.sub("", (flush or below or lines)[0].strip())
    found = _TYPE.match(headline)
    kind = found["type"] if found else ""
    frames = _user_code_frames(below) if starts else []
    # The message often has values that vary; the frames tell the cause better.
    message_line = "" if frames else _VARYING_TEXT.sub("#", headline[:MAX_LINE_CHARS])
    basis = "\n".join([kind, *frames, message_line])
    digest = blake2b(basis.encode(), digest_size=5).hexdigest()
    name = kind.rpartition(".")[2] or "Error"
    return f"{name[: MAX_ERROR_KIND - len(digest) - 1]}-{digest}"


def _user_code_frames(lines: list[str]) -> list[str]:
    """The innermost as `file function`; of foreign code if there are no others."""
    frames = [match for line in lines if (match := _FRAME.match(line))]
    own = [frame for frame in frames if not _LIBRARY_PATH.search(frame["path"])]
    return [_frame_location(frame) for frame in (own or frames)[-FRAMES:]]


def _frame_location(frame: re.Match[str]) -> str:
    """Without the folder, which differs from machine to machine."""
    return f"{_SLASH.split(frame['path'])[-1]} {frame['name']}"
