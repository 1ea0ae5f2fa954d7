"""One-line notices to the user, on the real standard error."""

from __future__ import annotations

import contextlib
import re
import sys
import threading

MAX_REMEMBERED = 1000
#: What differs between notices with the same meaning: quoted names, numbers.
#: Characters that a terminal obeys, but not line ends.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_VARIABLE_PARTS = re.compile(r"'[^']*'|\"[^\"]*\"|\d+")

_printed: set[str] = set()


class _PrintedNotice:
    lock = threading.RLock()


def replace_lock_after_fork() -> None:
    """In a forked child, where no thread would ever release the parent's lock."""
    _PrintedNotice.lock = threading.RLock()


def print_notice(text: str, *, once: bool = False) -> None:
    """Print a sentence.

    With `once`, a notice that differs only in names or numbers is not printed again.
    """
    kind = _VARIABLE_PARTS.sub("", text) if once else ""
    with _PrintedNotice.lock:
        if once and kind in _printed:
            return
        if once and len(_printed) < MAX_REMEMBERED:
            _printed.add(kind)
    stream = sys.__stderr__ or sys.stderr
    # Standard error can be closed, or its disk full: the script must not fail by that.
    with contextlib.suppress(OSError, ValueError, AttributeError):
        # What answers at the server's address can be quoted in it.
        printed = _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
        stream.write(f"Run Studio: {printed}\n")
        stream.flush()
