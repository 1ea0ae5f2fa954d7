"""Edits of what somebody read: refused when it has changed since."""

from __future__ import annotations

from hashlib import blake2b

from studio.core.errors import Conflict


def mark(text: str | None) -> str:
    """Stands for a text in the form that edits it; a browser may break lines anew."""
    if text is None:
        return "-"
    return blake2b(_plain(text).encode(), digest_size=9).hexdigest()


def check_seen(seen: str | None, now: str | None, wanted: str, field: str) -> None:
    """Raises Conflict if the editor saw another text than `now`.

    Without a mark nobody looked; and where `wanted` stands already, nothing is lost.
    """
    if seen is None or seen == mark(now) or (now is not None and same(now, wanted)):
        return
    raise Conflict(f"{field} was changed meanwhile", field=field, now=now)


def same(one: str, other: str) -> bool:
    return _plain(one) == _plain(other)


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n")
