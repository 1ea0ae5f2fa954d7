"""Edits of what somebody read: refused when it has changed since."""

from __future__ import annotations

from hashlib import blake2b

from studio.core.errors import Conflict


def version_token(text: str | None) -> str:
    """Stands for a text in the form that edits it; a browser may break lines anew."""
    if text is None:
        return "-"
    return blake2b(_normalize_newlines(text).encode(), digest_size=9).hexdigest()


def check_version(
    seen_version: str | None, now: str | None, wanted: str, field: str
) -> None:
    """Raises Conflict if the editor saw another text than `now`.

    Without a mark nobody looked; and where `wanted` stands already, nothing is lost.
    """
    if (
        seen_version is None
        or seen_version == version_token(now)
        or (now is not None and is_same_text(now, wanted))
    ):
        return
    raise Conflict(f"{field} was changed meanwhile", field=field, now=now)


def is_same_text(one: str, other: str) -> bool:
    return _normalize_newlines(one) == _normalize_newlines(other)


def _normalize_newlines(text: str) -> str:
    return text.replace("\r\n", "\n")
