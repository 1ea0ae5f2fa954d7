"""A workspace's way to its server: at once, or by the spool when there is none.

`STUDIO_MODE` is `online` (an unreachable server is an error), `offline` (nothing is
sent; `studio sync` does it later), or unset: then a script whose server cannot be
reached goes on, and what it writes waits in the spool until it can.
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
    find,
    home_file,
    login_file,
    read,
)
from studio.core.errors import SignInRequired, StudioError
from studio.sdk.errors import UserErrorException
from studio.sdk.responses import Unreachable
from studio.sdk.telling import warn

if TYPE_CHECKING:
    from studio.sdk.client import Client
    from studio.sdk.delivery import Writer

MODES = ("", "online", "offline")
#: What a script goes on after that logs: no server, or a token that is taken no more.
AWAY = (Unreachable, SignInRequired)
#: For so long, in seconds, a server that is away is not asked again.
PAUSE = 10.0
#: Whoever can go on without an answer waits for one at most so long, in seconds: a
#: server may be there and say nothing, as may a network that swallows what it gets.
SOON = 10.0

#: What this process logs by, until that is closed.
writers: weakref.WeakSet[Writer] = weakref.WeakSet()


class Link:
    """The client of a workspace; `offline`: nothing is sent before `studio sync`."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.offline = mode() == "offline"
        # While the server is away: when it is asked again, by the monotonic clock.
        self._again: float | None = None

    def __reduce__(self) -> tuple[Callable[[str, str], Link], tuple[str, str]]:
        """Without the token: another process has its own for that server."""
        return link_to, (self.client.url, self.client.workspace)

    @property
    def deferred(self) -> bool:
        """Whether writes go to the spool now.

        They do until all that waits there has arrived, so that the order stays.
        """
        again = self._again
        if again is not None and time.monotonic() > again and not self._is_behind():
            self._again = None
        return self.offline or self._again is not None

    def _is_behind(self) -> bool:
        own = [writer for writer in list(writers) if writer.client is self.client]
        return any(writer.waiting for writer in own)

    def get(self, path: str, **query: Any) -> Any:
        """What the server says. Raises Unreachable where it may not be asked."""
        self.must_be_online("read from", "ask again")
        is_known = self._again is not None
        return self.client.json(
            "GET", path, query=query, timeout=SOON if is_known else None
        )

    def try_now(self, method: str, path: str, body: Any = None) -> Any:
        """What the server says soon, for those who `defer` the error of none."""
        self.must_be_online("read from", "ask again")
        wait = None if mode() == "online" else SOON
        return self.client.json(method, path, body, timeout=wait)

    def change(self, method: str, path: str, body: Any = None) -> Any:
        """A change that cannot wait. Raises Unreachable where nothing may be sent."""
        self.must_be_online("changed on", "do it")
        return self.client.json(method, path, body)

    def must_be_online(self, what: str, later: str) -> None:
        if self.offline:
            raise Unreachable(
                f"STUDIO_MODE=offline: nothing can be {what} the server; unset it, "
                f"or {later} after `studio sync`."
            )

    def defer(self, error: StudioError) -> None:
        """For now what is written waits. Raises `error` in mode `online`."""
        if mode() == "online":
            raise error
        if not self.deferred:
            warn(
                f"{error.message} Meanwhile everything is kept on this machine and "
                "sent as soon as the server takes it, at the latest by `studio sync`."
            )
        self._again = time.monotonic() + PAUSE


def link_to(url: str, workspace: str) -> Link:
    """To a server whose token the environment, or a login, has. Raises UserError."""
    from studio.sdk.client import Client

    return Link(Client(url, connection_to(url).token, workspace))


def mode() -> str:
    """`STUDIO_MODE`. Raises UserErrorException where it is another word."""
    word = os.environ.get("STUDIO_MODE", "").strip().lower()
    if word not in MODES:
        raise UserErrorException(
            f"STUDIO_MODE must be online, offline or unset, not {word!r}"
        )
    return word


def from_environment() -> Connection | None:
    """What `studio env` exported; None without `STUDIO_URL`."""
    url = os.environ.get("STUDIO_URL", "").strip().rstrip("/")
    if not url:
        return None
    token = os.environ.get("STUDIO_TOKEN", "").strip()
    workspace = os.environ.get("STUDIO_WORKSPACE", "").strip()
    kept = None if token and workspace else _kept(url)
    token = token or (kept.token if kept else "")
    if not token and mode() != "offline":
        raise UserErrorException(
            'STUDIO_URL is set but STUDIO_TOKEN is not: run `eval "$(studio env)"`, or '
            f"`studio login {url}`."
        )
    return Connection(url, token, workspace or (kept.workspace if kept else "default"))


def connection_to(endpoint: str = "") -> Connection:
    """Server and token: those of the environment, of this machine, or of a login.

    A token goes only to the server that it is for: with `endpoint` (of a config.json
    that may be anybody's) only a connection to just that server is taken.
    """
    given = from_environment()
    if not endpoint:
        try:
            return given or find()
        except NoServerError as error:
            raise UserErrorException(
                'No server is known: run `eval "$(studio env)"` in this shell, or set '
                f"STUDIO_URL and STUDIO_TOKEN. ({error})"
            ) from error
    if given is not None and _same(given.url, endpoint):
        return given
    kept = _kept(endpoint)
    if kept is None:
        raise UserErrorException(
            f"config.json names the server {endpoint}, for which no token is known: "
            f"run `studio login {endpoint}`, or remove `endpoint` from the file."
        )
    return kept


def _kept(url: str) -> Connection | None:
    """What this machine's server or `studio login` keeps for just that server."""
    for path in (home_file(), login_file()):
        try:
            found = read(path)
        except NoServerError:
            continue
        if found is not None and _same(found.url, url):
            return found
    return None


def _same(one: str, other: str) -> bool:
    return one.rstrip("/").lower() == other.rstrip("/").lower()
