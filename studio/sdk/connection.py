"""A workspace's connection to its server: direct, or through the spool.

`STUDIO_MODE` is `online` (an unreachable server is an error), `offline` (nothing is
sent; `studio sync` does it later), or unset: then a script whose server cannot be
reached continues, and what it writes waits in the spool.
"""

from __future__ import annotations

import os
import time
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from studio.core.connection import (
    Connection,
    NoServerError,
    find_saved_connection,
    home_file,
    is_same_address,
    login_file,
    read_connection_file,
)
from studio.core.errors import SignInRequired, StudioError
from studio.sdk.errors import UserErrorException
from studio.sdk.responses import Unreachable
from studio.sdk.warnings import warn

if TYPE_CHECKING:
    from studio.sdk.client import Client
    from studio.sdk.delivery import Writer

MODES = ("", "online", "offline")
#: A script that logs continues after these: no server, or a rejected token.
OFFLINE_ERRORS = (Unreachable, SignInRequired)
#: How long an unreachable server is not tried again, in seconds.
RETRY_SECONDS = 10.0
#: The timeout, in seconds, for callers that can continue without a response: a server
#: or a network can accept a request and never respond.
SHORT_TIMEOUT = 10.0

#: The writers of this process that are not closed.
open_writers: weakref.WeakSet[Writer] = weakref.WeakSet()


class WorkspaceConnection:
    """The client of a workspace. While `is_offline`, only `studio sync` sends."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.is_offline = get_mode() == "offline"
        # When an unreachable server is tried again, by the monotonic clock.
        self._retry_at: float | None = None

    def __reduce__(
        self,
    ) -> tuple[Callable[[str, str], WorkspaceConnection], tuple[str, str]]:
        """Pickle without the token: another process has its own for that server."""
        return connect_to, (self.client.url, self.client.workspace)

    @property
    def is_buffering(self) -> bool:
        """Whether changes go to the spool now.

        They do until everything in it is delivered, which keeps their order.
        """
        retry_at = self._retry_at
        is_due = retry_at is not None and time.monotonic() > retry_at
        if is_due and not self._has_waiting_records():
            self._retry_at = None
        return self.is_offline or self._retry_at is not None

    def _has_waiting_records(self) -> bool:
        own = [writer for writer in list(open_writers) if writer.client is self.client]
        return any(writer.waiting for writer in own)

    def get(self, path: str, /, **query: Any) -> Any:
        """Read from the server. Raises Unreachable in mode `offline`."""
        self.require_online("read from", "ask again")
        was_unreachable = self._retry_at is not None
        timeout = SHORT_TIMEOUT if was_unreachable else None
        return self.client.json("GET", path, query=query, timeout=timeout)

    def try_now(self, method: str, path: str, body: Any = None) -> Any:
        """Send with a short timeout, for callers that can `start_buffering`."""
        self.require_online("read from", "ask again")
        timeout = None if get_mode() == "online" else SHORT_TIMEOUT
        return self.client.json(method, path, body, timeout=timeout)

    def change(self, method: str, path: str, body: Any = None) -> Any:
        """Change something that cannot be buffered. Raises Unreachable if offline."""
        self.require_online("changed on", "do it")
        return self.client.json(method, path, body)

    def require_online(self, action: str, later: str) -> None:
        """Raise Unreachable in mode `offline`; the arguments complete its sentence."""
        if self.is_offline:
            raise Unreachable(
                f"STUDIO_MODE=offline: nothing can be {action} the server; unset it, "
                f"or {later} after `studio sync`."
            )

    def start_buffering(self, error: StudioError) -> None:
        """Keep changes in the spool for now. Raises `error` in mode `online`."""
        if get_mode() == "online":
            raise error
        if not self.is_buffering:
            warn(
                f"{error.message} Until then everything is kept on this machine and "
                "sent as soon as the server takes it, at the latest by `studio sync`."
            )
        self._retry_at = time.monotonic() + RETRY_SECONDS


def connect_to(url: str, workspace: str) -> WorkspaceConnection:
    """Connect with the token that this process has for the server.

    Raises UserErrorException without one.
    """
    from studio.sdk.client import Client

    return WorkspaceConnection(Client(url, find_connection(url).token, workspace))


def get_mode() -> str:
    """`STUDIO_MODE`. Raises UserErrorException for an unknown value."""
    mode = os.environ.get("STUDIO_MODE", "").strip().lower()
    if mode not in MODES:
        raise UserErrorException(
            f"STUDIO_MODE must be online, offline or unset, not {mode!r}"
        )
    return mode


def read_environment() -> Connection | None:
    """What `studio env` exported; None without `STUDIO_URL`."""
    url = os.environ.get("STUDIO_URL", "").strip().rstrip("/")
    if not url:
        return None
    token = os.environ.get("STUDIO_TOKEN", "").strip()
    workspace = os.environ.get("STUDIO_WORKSPACE", "").strip()
    stored = None if token and workspace else _find_stored_connection(url)
    token = token or (stored.token if stored else "")
    if not token and get_mode() != "offline":
        raise UserErrorException(
            'STUDIO_URL is set but STUDIO_TOKEN is not: run `eval "$(studio env)"`, or '
            f"`studio login {url}`."
        )
    return Connection(
        url, token, workspace or (stored.workspace if stored else "default")
    )


def find_connection(endpoint: str = "") -> Connection:
    """Server and token: those of the environment, of this machine, or of a login.

    A token is sent only to its own server. Anyone can write the `endpoint` of a
    config.json, so only a connection to that very server is used for it.
    """
    if not endpoint:
        connection = read_environment()
        try:
            return connection or find_saved_connection()
        except NoServerError as error:
            raise UserErrorException(
                'No server is known: run `eval "$(studio env)"` in this shell, or set '
                f"STUDIO_URL and STUDIO_TOKEN. ({error})"
            ) from error
    found = find_connection_to(endpoint)
    if found is None:
        raise UserErrorException(
            f"config.json names the server {endpoint}, for which no token is known: "
            f"run `studio login {endpoint}`, or remove `endpoint` from the file."
        )
    return found


def find_connection_to(url: str) -> Connection | None:
    """The server at that address with its token; None if no token is known for it."""
    connection = read_environment()
    if connection is not None and is_same_address(connection.url, url):
        return connection
    return _find_stored_connection(url)


def _find_stored_connection(url: str) -> Connection | None:
    """What this machine's server or `studio login` stored for that server."""
    try:
        paths = (home_file(), login_file())
    except NoServerError as error:
        raise UserErrorException(str(error)) from error
    for path in paths:
        try:
            found = read_connection_file(path)
        except NoServerError:
            continue
        if found is not None and is_same_address(found.url, url):
            return found
    return None
