"""`EMAIL_URL` and `EMAIL_FROM`: the mail server, and the sender of its mails."""

from __future__ import annotations

from dataclasses import dataclass, field
from email.utils import parseaddr
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
#: Ports by scheme, where the address has none.
_PORTS = {"smtp": 587, "smtps": 465}


@dataclass(frozen=True)
class MailServer:
    """A mail server; `starts_tls` and `uses_tls` exclude each other."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    #: The connection begins without encryption, and requires it before anything else.
    starts_tls: bool = False
    uses_tls: bool = False


def parse_email_url(value: str) -> MailServer | None:
    """`EMAIL_URL`: `smtp://user:password@host:587`, or `smtps://…` for TLS from the
    start; None when unset. Raises ImproperlyConfigured without the value, which has a
    password.
    """
    if not value:
        return None
    try:
        parts = urlsplit(value)
        port = parts.port or _PORTS[parts.scheme]
        query = parse_qs(parts.query, strict_parsing=True) if parts.query else {}
    except (KeyError, ValueError) as error:
        raise _bad_address() from error
    tls = query.pop("tls", ["yes"])
    if not parts.hostname or parts.path not in ("", "/") or query:
        raise _bad_address()
    if tls not in (["yes"], ["no"]):
        raise _bad_address()
    is_plain = tls == ["no"] or parts.hostname in _LOOPBACK
    if tls == ["no"] and (parts.scheme == "smtps" or parts.username):
        raise ImproperlyConfigured(
            "EMAIL_URL: with ?tls=no the address must begin with smtp:// and have no "
            "user, because the password would cross the network unencrypted"
        )
    return MailServer(
        parts.hostname,
        port,
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        starts_tls=parts.scheme == "smtp" and not is_plain,
        uses_tls=parts.scheme == "smtps",
    )


def parse_email_from(value: str, url: str) -> str:
    """`EMAIL_FROM`: an address, with or without a name; required with `EMAIL_URL`."""
    if not value and not url:
        return ""
    _name, address = parseaddr(value)
    local, _at, domain = address.rpartition("@")
    if not local or not domain or any(char in value for char in "\r\n"):
        raise ImproperlyConfigured(
            "EMAIL_FROM must be the sender of mails, such as "
            f"Run Studio <studio@example.org>, not {value!r}"
        )
    return value


def _bad_address() -> ImproperlyConfigured:
    # The address has a password, so it is not repeated.
    return ImproperlyConfigured(
        "EMAIL_URL must be an address such as smtp://user:password@mail.example.org "
        "(STARTTLS) or smtps://user:password@mail.example.org (TLS). Without "
        "encryption: smtp://mail.example.org:25?tls=no"
    )
