"""One-line notices to the user, on the real standard error."""

from __future__ import annotations

import contextlib
import re
import sys
import threading

MAX_REMEMBERED = 1000
#: What differs between notices with the same meaning: quoted names, numbers.
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
        stream.write(f"Run Studio: {text}\n")
        stream.flush()
