"""Requests to a Run Studio server: JSON, files, retries, and errors by their names.

    client = Client("https://studio.example.org", token, "default")
    client.get("runs", q="metrics.acc > 0.9", rows=50)
    client.post("runs/r1/status", {"status": "Completed"})

Paths are those below `/api/v1/workspaces/<workspace>/` of docs/user/rest.md. All calls
of that API can be repeated, so they are retried with back-off while the server cannot
be reached or cannot respond. Safe to use from several threads and after a fork.
"""

from __future__ import annotations

import gzip
import http.client
import json
import math
import random
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, TypeVar
from urllib.parse import quote, urlencode

from studio import __version__
from studio.core.connection import SDK
from studio.core.errors import InvalidValue, NotFound, StudioError
from studio.sdk.responses import (
    VERSION_HEADER,
    OtherProgram,
    Unreachable,
    WrongServer,
    describe_version_mismatch,
    error_of_response,
    is_other_version,
    is_temporary,
    read_json,
)
from studio.sdk.transport import CHUNK_BYTES, Transport, read_exactly, send_request

TIMEOUT_SECONDS = 30.0
#: Compressing smaller bodies costs more than it saves.
MIN_GZIP_BYTES = 2048
#: What a connection raises if the other side is unreachable or disconnects.
CONNECTION_ERRORS = (OSError, http.client.HTTPException)


#: The wait between attempts doubles up to the maximum, less a random part.
MIN_WAIT_SECONDS, MAX_WAIT_SECONDS = 0.2, 10.0
DEFAULT_ATTEMPTS = 5

Found = TypeVar("Found")


def retry(
    send_attempt: Callable[[], Found], attempts: int, timeout: float | None = None
) -> Found:
    """Call `send_attempt` until it succeeds. None starts after `timeout` seconds."""
    wait, end = MIN_WAIT_SECONDS, time.monotonic() + (timeout or math.inf)
    for _ in range(attempts - 1):
        try:
            return send_attempt()
        except StudioError as error:
            if time.monotonic() >= end:
                raise
            _wait_before_retry(error, wait)
        wait = min(2 * wait, MAX_WAIT_SECONDS)
    return send_attempt()


def _to_json(body: Any) -> bytes:
    """The body in UTF-8. Raises InvalidValue for half surrogates.

    Arguments of a command that are not UTF-8 contain them.
    """
    try:
        return json.dumps(body, allow_nan=False, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        bad = error.object[error.start : error.end]
        raise InvalidValue(
            f"The text with {bad!r} is not valid Unicode. Write it in UTF-8."
        ) from error


def _wait_before_retry(error: StudioError, wait: float) -> None:
    """Wait before the next attempt; raise an error that would repeat."""
    if not is_temporary(error):
        raise error
    requested = min(float(error.details.get("retry_after", 0)), MAX_WAIT_SECONDS)
    # The random part keeps many clients from retrying at the same moment.
    time.sleep(max(requested, wait * random.uniform(0.5, 1.0)))  # noqa: S311


class Client:
    """One server, one token, one workspace.

    `timeout` is how many seconds a request waits for a byte. A request with a `timeout`
    of its own is not retried after it. `program` is what the activity of the workspace
    names as the way of a change.
    """

    def __init__(
        self,
        url: str,
        token: str,
        workspace: str,
        *,
        timeout: float = TIMEOUT_SECONDS,
        attempts: int = DEFAULT_ATTEMPTS,
        program: str = SDK,
    ) -> None:
        self.program = program
        self.url = url.rstrip("/")
        if not self.url.startswith(("http://", "https://")):
            raise InvalidValue(
                f"{url!r} is no server's address: STUDIO_URL must be like "
                "http://127.0.0.1:8000"
            )
        # A blank or a line break would break the Authorization header.
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
        self._has_warned_of_version = False

    def __repr__(self) -> str:
        return f"Client({self.url!r}, workspace={self.workspace!r})"

    def get(self, path: str, **query: Any) -> Any:
        """GET and parse JSON. Parameters that are None are left out."""
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
        has_version: bool = True,
    ) -> Any:
        """Send a JSON body and parse the JSON response. Raises StudioError.

        Responses of the API for MLflow clients have no version: `has_version=False`.
        """
        headers, content = {}, b""
        if body is not None:
            content = _to_json(body)
            headers["Content-Type"] = "application/json"
        return self.send(
            method,
            path,
            content,
            headers=headers,
            query=query,
            timeout=timeout,
            attempts=attempts,
            has_version=has_version,
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
        has_version: bool = True,
    ) -> Any:
        """Send `content`, compressed if it is large, and parse the JSON response."""
        headers = dict(headers or {})
        if len(content) >= MIN_GZIP_BYTES:
            content = gzip.compress(content, 1)
            headers["Content-Encoding"] = "gzip"
        target = self._request_target(path, query)

        def send_attempt() -> Any:
            response = self._send_once(method, target, content, headers, timeout)
            value = read_json(self._read_body(response), self.url)
            # Another program can answer with JSON, too.
            if has_version and VERSION_HEADER not in response.headers:
                raise OtherProgram(
                    f"{self.url} is not a Run Studio server: its answer is not "
                    "understood. Check STUDIO_URL."
                )
            return value

        return retry(send_attempt, attempts or self.attempts, timeout)

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

        Raises InvalidValue if it has fewer: it changed during the upload.
        """
        target, start = self._request_target(path, None), source.tell()
        kind = "application/octet-stream"
        # Without a length, `http.client` sends an iterator in chunks.
        headers = {"Content-Type": kind, "Content-Length": str(size)}

        def send_attempt() -> Any:
            source.seek(start)
            body = read_exactly(source, size)
            response = self._send_once("PUT", target, body, headers, timeout)
            return read_json(self._read_body(response), self.url)

        return retry(send_attempt, attempts or self.attempts, timeout)

    def download(self, path: str, target: BinaryIO, *, offset: int = 0) -> int:
        """Write the bytes from `offset` on to `target`; returns how many.

        Continues after a broken connection. Raises WrongServer if a proxy ignores the
        offset.
        """
        start, address = target.tell(), self._request_target(path, None)

        def send_attempt() -> int:
            first = offset + target.tell() - start
            headers = {"Range": f"bytes={first}-"} if first else {}
            response = self._send_once("GET", address, b"", headers, None)
            if response.status != 206:
                if offset:
                    # The connection cannot be used again while the response is not
                    # read.
                    self._transport.close_connection()
                    raise WrongServer(f"What answers at {self.url} knows no ranges.")
                # The response is the whole file again.
                target.seek(start)
                target.truncate()
            target.writelines(self._read_chunks(response))
            return target.tell() - start

        return retry(send_attempt, self.attempts)

    def close(self) -> None:
        """Close this thread's connection; a later request opens another."""
        self._transport.close_connection()

    def _request_target(self, path: str, query: dict[str, Any] | None) -> str:
        parameters = {k: v for k, v in (query or {}).items() if v is not None}
        # A path that begins with a slash is one of the server's, not the workspace's.
        target = path if path.startswith("/") else self.workspace_path(path)
        return f"{target}?{urlencode(parameters)}" if parameters else target

    def workspace_path(self, path: str) -> str:
        return f"/api/v1/workspaces/{quote(self.workspace, safe='')}/{path}"

    def _send_once(
        self,
        method: str,
        target: str,
        body: bytes | Iterator[bytes],
        headers: dict[str, str],
        timeout: float | None,
    ) -> http.client.HTTPResponse:
        """One attempt; two if the connection was kept open and the server closed it."""
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Accept": "application/json",
            "User-Agent": f"{self.program}/{__version__}",
            **headers,
            **self._transport.extra_headers(),
        }
        connection, used = self._transport.connection(timeout)
        request_target = self._transport.request_target(target)
        try:
            response = send_request(connection, method, request_target, body, headers)
        # A kept connection that the server closed fails at once, never by a timeout.
        except TimeoutError as error:
            raise self._unreachable_error(error) from error
        except CONNECTION_ERRORS as error:
            self._transport.close_connection()
            # An iterator is used up after the first attempt; bytes can be sent again.
            if not used or not isinstance(body, bytes):
                raise self._unreachable_error(error) from error
            return self._send_once(method, target, body, headers, timeout)
        if response.status >= 300:
            content = self._read_body(response)
            raise self._explain_error(
                error_of_response(response.status, response.headers, content, self.url)
            )
        self._check_version(response.headers)
        return response

    def _read_body(self, response: http.client.HTTPResponse) -> bytes:
        try:
            return response.read()
        except CONNECTION_ERRORS as error:
            raise self._unreachable_error(error) from error

    def _read_chunks(self, response: http.client.HTTPResponse) -> Iterator[bytes]:
        try:
            while chunk := response.read(CHUNK_BYTES):
                yield chunk
        except CONNECTION_ERRORS as error:
            raise self._unreachable_error(error) from error

    def _unreachable_error(self, error: BaseException) -> Unreachable:
        self._transport.close_connection()
        why = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return Unreachable(
            f"{self.url} cannot be reached ({why}): start the server there, or check "
            "STUDIO_URL and the network."
        )

    def _explain_error(self, error: StudioError) -> StudioError:
        """Name the workspace in the message if it was not found."""
        if isinstance(error, NotFound) and error.details.get("missing") == "workspace":
            return NotFound(
                f"There is no workspace {self.workspace!r} at {self.url} that this "
                "token reaches: set STUDIO_WORKSPACE to one of yours, or ask its owner "
                "to add you.",
                **error.details,
            )
        return error

    def _check_version(self, headers: Any) -> None:
        version = headers.get(VERSION_HEADER, __version__)
        if is_other_version(version) and not self._has_warned_of_version:
            self._has_warned_of_version = True
            warnings.warn(describe_version_mismatch(version, self.url), stacklevel=6)
