"""Connections to one server: one per thread, kept open, through the configured proxy.

Fork-safe: a child process never uses its parent's connection.
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

CHUNK_BYTES = 256 * 1024


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
            # The parent uses the socket, too: drop it without closing the connection.
            kept = None
        wait = self.timeout if timeout is None else timeout
        used = kept is not None and kept.sock is not None
        if kept is None:
            kept = self._open(wait)
            self._kept.one, self._kept.process = kept, os.getpid()
        kept.timeout = wait
        # An open socket has the timeout of the request before.
        if kept.sock is not None:
            kept.sock.settimeout(wait)
        return kept, used

    def close_connection(self) -> None:
        """Close this thread's connection; the next request opens another."""
        kept = getattr(self._kept, "one", None)
        if kept is not None and self._kept.process == os.getpid():
            kept.close()
        self._kept.one = None

    def request_target(self, path: str) -> str:
        """The target of the request line: the whole address if a proxy needs it."""
        if self.proxy and not self.secure:
            return f"{self.base}{path}"
        return f"{self.prefix}{path}"

    def extra_headers(self) -> dict[str, str]:
        """The proxy's authorization, if the proxy reads the request itself."""
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
                host, port, timeout=timeout, blocksize=CHUNK_BYTES
            )
        secured = http.client.HTTPSConnection(
            host,
            port,
            timeout=timeout,
            blocksize=CHUNK_BYTES,
            context=ssl.create_default_context(),
        )
        if self.proxy:
            secured.set_tunnel(self.host, self.port, headers=_proxy_headers(self.proxy))
        return secured


def _proxy_for(scheme: str, netloc: str) -> str:
    """The proxy that the environment sets for this host; empty for none."""
    # Imported here, since it is slow and only requests need it.
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


def send_request(
    connection: http.client.HTTPConnection,
    method: str,
    target: str,
    body: bytes | Iterator[bytes],
    headers: dict[str, str],
) -> http.client.HTTPResponse:
    """Send a request and return the response, also one that came early."""
    try:
        connection.request(method, target, body or None, headers)
    except (BrokenPipeError, ConnectionResetError):
        # The server responded before it had read everything, as to a file too large.
        return connection.getresponse()
    return connection.getresponse()


def read_exactly(source: BinaryIO, size: int) -> Iterator[bytes]:
    """Yield `size` bytes in chunks. Raises InvalidValue if there are fewer."""
    left = size
    while left:
        chunk = source.read(min(CHUNK_BYTES, left))
        if not chunk:
            raise InvalidValue(
                f"The file became {left} bytes shorter while it was read: upload it "
                "when it is whole."
            )
        left -= len(chunk)
        yield chunk
