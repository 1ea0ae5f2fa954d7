"""What the user is told, in one line each, on the real standard error."""

from __future__ import annotations

import contextlib
import re
import sys
import threading

_told: set[str] = set()
#: What differs between sentences that say the same: quoted names, numbers.
_NAMES = re.compile(r"'[^']*'|\"[^\"]*\"|\d+")


class _Turn:
    lock = threading.RLock()


def renew_lock() -> None:
    """In a forked child, where nobody would ever release the old one."""
    _Turn.lock = threading.RLock()


def tell(text: str, *, once: bool = False) -> None:
    """Print a sentence.

    With `once` one that says the same of another name or number is not printed again.
    """
    kind = _NAMES.sub("", text) if once else ""
    with _Turn.lock:
        if once and kind in _told:
            return
        if once and len(_told) < 1000:
            _told.add(kind)
    stream = sys.__stderr__ or sys.stderr
    # Standard error may be closed, or its disk full: nobody is to die of that.
    with contextlib.suppress(OSError, ValueError, AttributeError):
        stream.write(f"Run Studio: {text}\n")
        stream.flush()
