"""Requests to a Run Studio server: JSON, files, retries, and errors by their names.

    client = Client("https://studio.example.org", token, "default")
    client.get("runs", q="metrics.acc > 0.9", rows=50)
    client.post("runs/r1/status", {"status": "Completed"})

Paths are those below `/api/v1/workspaces/<workspace>/` of docs/rest.md. Every request
of that API may be repeated, so all are retried with back-off while the server cannot be
reached or cannot answer. Safe to use from several threads and after a fork.
"""

from __future__ import annotations

import gzip
import http.client
import json
import warnings
from collections.abc import Iterator
from typing import Any, BinaryIO
from urllib.parse import quote, urlencode

from studio import __version__
from studio.core.errors import InvalidValue, NotFound, StudioError
from studio.sdk.responses import (
    VERSION_HEADER,
    Unreachable,
    WrongServer,
    about_version,
    error_of,
    is_other_version,
    read_json,
)
from studio.sdk.retries import ATTEMPTS, retried
from studio.sdk.transport import PIECE, Transport, exactly, exchange

TIMEOUT = 30.0
#: Below it, compressing costs more than it saves.
GZIP_FROM = 2048
#: What a connection raises when the other side is not there, or goes away.
BROKEN = (OSError, http.client.HTTPException)


class Client:
    """One server, one token, one workspace. `timeout` is seconds without any byte.

    A request that is given a `timeout` of its own is not tried again after it.
    """

    def __init__(
        self,
        url: str,
        token: str,
        workspace: str,
        *,
        timeout: float = TIMEOUT,
        attempts: int = ATTEMPTS,
    ) -> None:
        self.url = url.rstrip("/")
        if not self.url.startswith(("http://", "https://")):
            raise InvalidValue(
                f"{url!r} is no server's address: STUDIO_URL must be like "
                "http://127.0.0.1:8000"
            )
        if not (token.isascii() and token.isprintable() and " " not in token):
            raise InvalidValue(
                'STUDIO_TOKEN holds no token: run `eval "$(studio env)"` again.'
            )
        self.token = token
        self.workspace = workspace
        self.attempts = attempts
        try:
            self._transport = Transport(self.url, timeout=timeout)
        except ValueError as error:
            raise InvalidValue(f"{url!r} is no server's address: {error}") from error
        self._told_version = False

    def __repr__(self) -> str:
        return f"Client({self.url!r}, workspace={self.workspace!r})"

    def get(self, path: str, **query: Any) -> Any:
        """The JSON that is there. Parameters of None are left out."""
        return self.json("GET", path, query=query)

    def post(self, path: str, body: Any = None) -> Any:
        return self.json("POST", path, body)

    def put(self, path: str, body: Any = None) -> Any:
        return self.json("PUT", path, body)

    def patch(self, path: str, body: Any) -> Any:
        return self.json("PATCH", path, body)

    def delete(self, path: str) -> Any:
        return self.json("DELETE", path)

    def json(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: dict[str, Any] | None = None,
        timeout: float | None = None,
        attempts: int | None = None,
    ) -> Any:
        """One request with a JSON body, answered by JSON. Raises StudioError."""
        headers, content = {}, b""
        if body is not None:
            content = json.dumps(body, allow_nan=False).encode()
            headers["Content-Type"] = "application/json"
        return self.send(
            method,
            path,
            content,
            headers=headers,
            query=query,
            timeout=timeout,
            attempts=attempts,
        )

    def send(
        self,
        method: str,
        path: str,
        content: bytes = b"",
        *,
        headers: dict[str, str] | None = None,
        query: dict[str, Any] | None = None,
        timeout: float | None = None,
        attempts: int | None = None,
    ) -> Any:
        """One request whose body is `content`, compressed where that pays."""
        headers = dict(headers or {})
        if len(content) >= GZIP_FROM:
            content = gzip.compress(content, 1)
            headers["Content-Encoding"] = "gzip"
        target = self._target(path, query)

        def once() -> Any:
            answer = self._once(method, target, content, headers, timeout)
            return read_json(self._content(answer), self.url)

        return retried(once, attempts or self.attempts, timeout)

    def upload(
        self,
        path: str,
        source: BinaryIO,
        size: int,
        *,
        timeout: float | None = None,
        attempts: int | None = None,
    ) -> Any:
        """PUT the next `size` bytes of `source`, which can be read again by seeking.

        Raises InvalidValue where it has fewer: it changed while it was read.
        """
        target, start = self._target(path, None), source.tell()
        kind = "application/octet-stream"
        headers = {"Content-Type": kind, "Content-Length": str(size)}

        def once() -> Any:
            source.seek(start)
            body = exactly(source, size)
            answer = self._once("PUT", target, body, headers, timeout)
            return read_json(self._content(answer), self.url)

        return retried(once, attempts or self.attempts, timeout)

    def download(self, path: str, target: BinaryIO, *, offset: int = 0) -> int:
        """Write the bytes that are there from `offset` on to `target`; how many.

        A connection that breaks is taken up again where it broke. Raises WrongServer
        where something between leaves the offset out.
        """
        start, address = target.tell(), self._target(path, None)

        def once() -> int:
            first = offset + target.tell() - start
            headers = {"Range": f"bytes={first}-"} if first else {}
            answer = self._once("GET", address, b"", headers, None)
            if answer.status != 206:
                if offset:
                    self._transport.drop()
                    raise WrongServer(f"What answers at {self.url} knows no ranges.")
                target.seek(start)
                target.truncate()
            target.writelines(self._pieces(answer))
            return target.tell() - start

        return retried(once, self.attempts)

    def close(self) -> None:
        """Close this thread's connection; a later request opens another."""
        self._transport.drop()

    def _target(self, path: str, query: dict[str, Any] | None) -> str:
        given = {k: v for k, v in (query or {}).items() if v is not None}
        # A path that begins with a slash is one of the server's, not the workspace's.
        place = path if path.startswith("/") else self.path_of(path)
        return f"{place}?{urlencode(given)}" if given else place

    def path_of(self, path: str) -> str:
        return f"/api/v1/workspaces/{quote(self.workspace, safe='')}/{path}"

    def _once(
        self,
        method: str,
        target: str,
        body: bytes | Iterator[bytes],
        headers: dict[str, str],
        timeout: float | None,
    ) -> http.client.HTTPResponse:
        """One attempt; two where a kept connection turns out to be closed."""
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Accept": "application/json",
            "User-Agent": f"run-studio/{__version__}",
            **headers,
            **self._transport.extra_headers(),
        }
        connection, used = self._transport.connection(timeout)
        place = self._transport.target(target)
        try:
            answer = exchange(connection, method, place, body, headers)
        except TimeoutError as error:
            raise self._unreachable(error) from error
        except BROKEN as error:
            self._transport.drop()
            if not used or not isinstance(body, bytes):
                raise self._unreachable(error) from error
            return self._once(method, target, body, headers, timeout)
        if answer.status >= 300:
            content = self._content(answer)
            raise self._explain(
                error_of(answer.status, answer.headers, content, self.url)
            )
        self._look_at_version(answer.headers)
        return answer

    def _content(self, answer: http.client.HTTPResponse) -> bytes:
        try:
            return answer.read()
        except BROKEN as error:
            raise self._unreachable(error) from error

    def _pieces(self, answer: http.client.HTTPResponse) -> Iterator[bytes]:
        try:
            while piece := answer.read(PIECE):
                yield piece
        except BROKEN as error:
            raise self._unreachable(error) from error

    def _unreachable(self, error: BaseException) -> Unreachable:
        self._transport.drop()
        why = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return Unreachable(
            f"{self.url} cannot be reached ({why}): start the server there, or check "
            "STUDIO_URL and the network."
        )

    def _explain(self, error: StudioError) -> StudioError:
        """Say which workspace was not found."""
        if isinstance(error, NotFound) and error.details.get("missing") == "workspace":
            return NotFound(
                f"There is no workspace {self.workspace!r} at {self.url} that this "
                "token reaches: set STUDIO_WORKSPACE to one of yours, or ask its owner "
                "to add you.",
                **error.details,
            )
        return error

    def _look_at_version(self, headers: Any) -> None:
        version = headers.get(VERSION_HEADER, __version__)
        if is_other_version(version) and not self._told_version:
            self._told_version = True
            warnings.warn(about_version(version, self.url), stacklevel=6)
