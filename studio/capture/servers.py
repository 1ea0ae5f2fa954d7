"""Whether a tracking URI leads to a Run Studio server, and the client for it."""

from __future__ import annotations

import contextlib
import netrc
import os
import re
import sys
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from studio.core.errors import StudioError
from studio.sdk.client import Client
from studio.sdk.connection import find_connection_to
from studio.sdk.delivery import Account, read_account
from studio.sdk.errors import UserErrorException

#: The question to an unknown server. One that is slower gets no capture.
PROBE_SECONDS = 2.0
_WORKSPACE = re.compile(r"(?P<base>.*?)/w/(?P<name>[^/]+)")

#: By tracking URI: the client, or None for another kind of server.
_known: dict[str, Client | None] = {}


def find_server(uri: str, run_id: str) -> Client | None:
    """The client that logs to the run; None if the URI is not of Run Studio.

    Only `http` and `https` addresses are asked, and each of them once per process.
    """
    if uri not in _known:
        _known[uri] = _ask(uri, run_id)
    return _known[uri]


def _ask(uri: str, run_id: str) -> Client | None:
    parts = urlsplit(uri)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    path = parts.path.rstrip("/")
    found = _WORKSPACE.fullmatch(path)
    # Another server can have a path of its own, which none of ours has.
    if path and found is None and not _is_known_address(uri):
        return None
    host = parts.netloc.rpartition("@")[2]
    base = urlunsplit((parts.scheme, host, found["base"] if found else path, "", ""))
    token = _token_of(uri, base)
    if not token:
        return None
    workspace = unquote(found["name"]) if found else ""
    try:
        client = Client(base, token, workspace or "default")
        account = read_account(client, timeout=PROBE_SECONDS, attempts=1)
        if workspace:
            return client if workspace in account.workspaces else None
        return _client_of_run(client, account, run_id)
    except StudioError:
        return None


def _client_of_run(client: Client, account: Account, run_id: str) -> Client | None:
    """The client of the workspace that has the run."""
    # The token's own workspace is not told, and most members have one or two.
    for name in sorted(account.workspaces, key=lambda name: name != "default"):
        one = Client(client.url, client.token, name)
        with contextlib.suppress(StudioError):
            one.json("GET", f"runs/{run_id}", timeout=PROBE_SECONDS, attempts=1)
            return one
    return None


def _is_known_address(uri: str) -> bool:
    with contextlib.suppress(UserErrorException):
        return find_connection_to(uri) is not None
    return False


def _token_of(uri: str, base: str) -> str:
    """The token, from where MLflow's client takes it; else that of `studio login`."""
    user, password, token = _mlflow_credentials()
    parts = urlsplit(uri)
    if user and password:
        return password
    if token:
        return token
    if parts.password:
        return unquote(parts.password)
    with contextlib.suppress(OSError, netrc.NetrcParseError):
        entry = netrc.netrc(os.environ.get("NETRC")).authenticators(
            parts.hostname or ""
        )
        if entry and entry[2]:
            return entry[2]
    with contextlib.suppress(UserErrorException):
        connection = find_connection_to(base)
        if connection is not None:
            return connection.token
    return ""


def _mlflow_credentials() -> tuple[str, str, str]:
    """User, password and token: of the variables, else of MLflow's own file."""
    user = os.environ.get("MLFLOW_TRACKING_USERNAME", "")
    password = os.environ.get("MLFLOW_TRACKING_PASSWORD", "")
    token = os.environ.get("MLFLOW_TRACKING_TOKEN", "")
    module: Any = sys.modules.get("mlflow.utils.credentials")
    if not (user and password) and hasattr(module, "read_mlflow_creds"):
        found = module.read_mlflow_creds()
        user = getattr(found, "username", "") or ""
        password = getattr(found, "password", "") or ""
    return user, password, token
