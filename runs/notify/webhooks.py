"""Hand signed messages to webhooks, at addresses that members of a workspace choose.

Such an address must not reach the server's own network. Its name is resolved once: the
connection goes to exactly the addresses that were checked. Redirects are refused.
Errors never repeat the address, which may contain a token.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import ipaddress
import socket
import ssl
import threading
import time
from contextlib import closing
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

#: For one attempt as a whole, from the connection to the end of the reply.
ATTEMPT_SECONDS = 10.0
#: More of a reply is not read.
MAX_REPLY_BYTES = 4096
_PORTS = {"http": 80, "https": 443}
#: IPv6 addresses that lead to an IPv4 address of any kind: NAT64, 6to4 and Teredo.
_TRANSLATED = tuple(
    ipaddress.ip_network(text)
    for text in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")
)
#: Looks public, and is the machine's own host in Azure's data centers.
_HOST_OF_AZURE = ipaddress.ip_address("168.63.129.16")


class PermanentHookError(Exception):
    """Another attempt would fail the same way."""


class TemporaryHookError(Exception):
    """Another attempt may succeed."""


@dataclass(frozen=True)
class HookMessage:
    """A body for a webhook; attempts of one delivery have the same `key`."""

    url: str = field(repr=False)
    secret: str = field(repr=False)
    key: str
    body: bytes
    content_type: str = "application/json"


def post_to_webhook(
    message: HookMessage, *, now: int, allows_private: bool = False
) -> int:
    """Post once, at the time `now` (ms); return the status, which is 2xx.

    Raises TemporaryHookError, or PermanentHookError for an address that is not allowed
    and for a redirect.
    """
    parts = _split(message.url)
    targets = _resolve(parts, allows_private=allows_private)
    try:
        with closing(_connect(parts, targets)) as connection:
            status = _exchange(connection, parts, message, now)
    except (OSError, http.client.HTTPException) as error:
        # Some name no reason, and some repeat what the other side sent.
        raise TemporaryHookError(f"no valid reply ({type(error).__name__})") from error
    if 300 <= status < 400:
        raise PermanentHookError(f"the reply is a redirect ({status})")
    if not 200 <= status < 300:
        raise TemporaryHookError(f"the reply has status {status}")
    return status


def check_webhook_address(url: str) -> None:
    """Raise PermanentHookError for what is no address of a webhook at all."""
    _split(url)


def sign_message(secret: str, body: bytes, seconds: int) -> str:
    """Return the value of `Studio-Signature`; its time keeps copies from counting."""
    signed = str(seconds).encode() + b"." + body
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return f"t={seconds},v1={digest}"


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the internet, not to a private network."""
    # Link-local addresses of IPv6 can name an interface.
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return is_public(str(found.ipv4_mapped))
        if found.is_site_local or any(found in each for each in _TRANSLATED):
            return False
    if found == _HOST_OF_AZURE:
        return False
    return found.is_global and not found.is_multicast and not found.is_reserved


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in _PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        raise PermanentHookError("the address is not valid") from error
    is_printable = url.isascii() and url.isprintable() and " " not in url
    if not is_usable or not is_printable or parts.username is not None:
        raise PermanentHookError("the address is not valid")
    return parts


def _resolve(parts: SplitResult, *, allows_private: bool) -> list[str]:
    """Return the IP addresses of the host; all of them must be allowed."""
    port = parts.port or _PORTS[parts.scheme]
    try:
        found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise TemporaryHookError("the host was not found") from error
    addresses = [str(row[4][0]) for row in found]
    if not allows_private and not all(map(is_public, addresses)):
        raise PermanentHookError("the address belongs to a private network")
    return addresses


def _connect(parts: SplitResult, addresses: list[str]) -> http.client.HTTPConnection:
    """Connect to an address that was checked: the name is not resolved again."""
    host = parts.hostname or ""
    port = parts.port or _PORTS[parts.scheme]
    raw = _open_socket(addresses, port)
    connection = http.client.HTTPConnection(host, port, timeout=ATTEMPT_SECONDS)
    raw.settimeout(ATTEMPT_SECONDS)
    connection.sock = raw
    if parts.scheme == "https":
        # The handshake comes later, within the limit of the whole attempt.
        connection.sock = ssl.create_default_context().wrap_socket(
            raw, server_hostname=host, do_handshake_on_connect=False
        )
    return connection


def _open_socket(addresses: list[str], port: int) -> socket.socket:
    """Try the addresses in turn, for ATTEMPT_SECONDS in all.

    The first can be one of IPv6 where the server has only IPv4.
    """
    ends = time.monotonic() + ATTEMPT_SECONDS
    failed: OSError = TimeoutError()
    for address in addresses:
        left = ends - time.monotonic()
        if left <= 0:
            break
        try:
            return socket.create_connection((address, port), timeout=left)
        except OSError as error:
            failed = error
    raise failed


def _exchange(
    connection: http.client.HTTPConnection,
    parts: SplitResult,
    message: HookMessage,
    now: int,
) -> int:
    # The limit of a socket is for one read: a reply in drops would never end.
    limit = threading.Timer(ATTEMPT_SECONDS, _break_off, [connection.sock])
    limit.daemon = True
    limit.start()
    try:
        if isinstance(connection.sock, ssl.SSLSocket):
            connection.sock.do_handshake()
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        seconds = now // 1000
        headers = {
            # The default would name the port of HTTPS.
            "Host": parts.netloc,
            "Content-Type": message.content_type,
            "Idempotency-Key": message.key,
            "Studio-Signature": sign_message(message.secret, message.body, seconds),
            "User-Agent": "run-studio",
            "Connection": "close",
        }
        connection.request("POST", path, message.body, headers)
        with connection.getresponse() as reply:
            reply.read(MAX_REPLY_BYTES)
            return reply.status
    finally:
        limit.cancel()


def _break_off(connected: socket.socket) -> None:
    try:
        # The method of TLS would turn encryption off under the reading thread.
        socket.socket.shutdown(connected, socket.SHUT_RDWR)
    except OSError:
        # The other side was faster.
        return
