"""Connections to one server: a kept one per thread, through the proxy that is set.

Fork-safe: a child process never speaks on its parent's connection.
"""

from __future__ import annotations

import base64
import http.client
import os
import ssl
import threading
from collections.abc import Iterator
from typing import Any, BinaryIO
from urllib.parse import unquote, urlsplit

from studio.core.errors import InvalidValue

PIECE = 256 * 1024


class Transport:
    """Opens, keeps and closes this thread's connection to `url`."""

    def __init__(self, url: str, *, timeout: float) -> None:
        parts = urlsplit(url)
        self.secure = parts.scheme == "https"
        self.host = parts.hostname or ""
        self.port = parts.port or (443 if self.secure else 80)
        self.timeout = timeout
        self.base = url.rstrip("/")
        self.prefix = parts.path.rstrip("/")
        self.proxy = _proxy_for(parts.scheme, parts.netloc)
        self._kept = threading.local()

    def connection(
        self, timeout: float | None
    ) -> tuple[http.client.HTTPConnection, bool]:
        """This thread's connection, and whether it has been used before."""
        kept: http.client.HTTPConnection | None = getattr(self._kept, "one", None)
        if kept is not None and self._kept.process != os.getpid():
            # The socket is shared with the parent: forget it, without a farewell.
            kept = None
        wait = self.timeout if timeout is None else timeout
        used = kept is not None and kept.sock is not None
        if kept is None:
            kept = self._open(wait)
            self._kept.one, self._kept.process = kept, os.getpid()
        kept.timeout = wait
        if kept.sock is not None:
            kept.sock.settimeout(wait)
        return kept, used

    def drop(self) -> None:
        """Close this thread's connection; the next request opens another."""
        kept = getattr(self._kept, "one", None)
        if kept is not None and self._kept.process == os.getpid():
            kept.close()
        self._kept.one = None

    def target(self, path: str) -> str:
        """What the request line says: the whole address where a proxy must know it."""
        if self.proxy and not self.secure:
            return f"{self.base}{path}"
        return f"{self.prefix}{path}"

    def extra_headers(self) -> dict[str, str]:
        """The proxy's own authorization, where it reads the request itself."""
        if self.proxy and not self.secure:
            return _proxy_headers(self.proxy)
        return {}

    def _open(self, timeout: float) -> http.client.HTTPConnection:
        host, port = self.host, self.port
        if self.proxy:
            there = urlsplit(self.proxy)
            host, port = there.hostname or "", there.port or 80
        if not self.secure:
            return http.client.HTTPConnection(
                host, port, timeout=timeout, blocksize=PIECE
            )
        secured = http.client.HTTPSConnection(
            host,
            port,
            timeout=timeout,
            blocksize=PIECE,
            context=ssl.create_default_context(),
        )
        if self.proxy:
            secured.set_tunnel(self.host, self.port, headers=_proxy_headers(self.proxy))
        return secured


def _proxy_for(scheme: str, netloc: str) -> str:
    """The proxy that the environment names for this host; empty for none."""
    # Imported late: it is slow, and only what talks to a server needs it.
    from urllib.request import getproxies, proxy_bypass

    proxies: dict[str, Any] = getproxies()
    proxy = proxies.get(scheme) or proxies.get("all") or ""
    if not proxy or proxy_bypass(netloc):
        return ""
    return str(proxy) if "://" in proxy else f"http://{proxy}"


def _proxy_headers(proxy: str) -> dict[str, str]:
    parts = urlsplit(proxy)
    if parts.username is None:
        return {}
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {"Proxy-Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def exchange(
    connection: http.client.HTTPConnection,
    method: str,
    target: str,
    body: bytes | Iterator[bytes],
    headers: dict[str, str],
) -> http.client.HTTPResponse:
    try:
        connection.request(method, target, body or None, headers)
    except (BrokenPipeError, ConnectionResetError):
        # It answered before it had read all, as to a file that is too large.
        return connection.getresponse()
    return connection.getresponse()


def exactly(source: BinaryIO, size: int) -> Iterator[bytes]:
    left = size
    while left:
        piece = source.read(min(PIECE, left))
        if not piece:
            raise InvalidValue(
                f"The file became {left} bytes shorter while it was read: upload it "
                "when it is whole."
            )
        left -= len(piece)
        yield piece
