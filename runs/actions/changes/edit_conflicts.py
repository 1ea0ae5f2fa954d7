"""Detect that a text changed since its editor loaded it."""

from __future__ import annotations

from hashlib import blake2b

from django.utils.translation import gettext as _

from studio.core.errors import Conflict


def version_token(text: str | None) -> str:
    """Return a short token for a text, for the form that edits it.

    Browsers change line breaks, so these do not count.
    """
    if text is None:
        return "-"
    # A hash, because the form would otherwise send the whole old text again.
    return blake2b(_normalize_newlines(text).encode(), digest_size=9).hexdigest()


def check_version(
    seen_version: str | None, current: str | None, wanted_text: str, field: str
) -> None:
    """Raise Conflict if the editor saw another text than `current`.

    Without a token there is no check. If `current` is already the wanted text, nothing
    is lost.
    """
    if (
        seen_version is None
        or seen_version == version_token(current)
        or (current is not None and is_same_text(current, wanted_text))
    ):
        return
    raise Conflict(
        _("%(field)s was changed by someone else. Reload it and try again.")
        % {"field": field},
        field=field,
        now=current,
    )


def is_same_text(one: str, other: str) -> bool:
    return _normalize_newlines(one) == _normalize_newlines(other)


def _normalize_newlines(text: str) -> str:
    return text.replace("\r\n", "\n")
