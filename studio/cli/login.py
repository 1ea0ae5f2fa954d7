"""`studio login`: store a server's address and a token for later commands."""

from __future__ import annotations

import http.client
import json
import sys
import urllib.error
import urllib.request
from typing import Any, NoReturn
from urllib.parse import unquote, urlsplit

import click

from studio.core import connection
from studio.core.connection import Connection, is_loopback

TIMEOUT_SECONDS = 30


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Refuses redirects: they would send the token to another server."""

    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        return None


def list_workspaces(url: str, token: str) -> list[str]:
    """The workspaces that the token reaches. Raises ClickException with what to do."""
    request = urllib.request.Request(  # noqa: S310 (parse_address checked it)
        f"{url}/api/v1/workspaces",
        headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
    )
    # Without a proxy, as in scripts: `studio env` adds the host to NO_PROXY.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)
    try:
        with opener.open(request, timeout=TIMEOUT_SECONDS) as response:
            return [str(item["name"]) for item in json.load(response)["workspaces"]]
    except urllib.error.HTTPError as error:
        _raise_explained_error(url, error)
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise click.ClickException(f"{url} cannot be reached: {reason}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise click.ClickException(f"{url} is not a Run Studio server.") from error


def choose_workspace(wanted: str, available: list[str]) -> str:
    """The wanted workspace, or the only one. Raises BadParameter if that is unclear."""
    names = ", ".join(available) or "none"
    if wanted and wanted not in available:
        raise click.BadParameter(
            f"This token reaches no workspace {wanted!r}; it reaches {names}.",
            param_hint="--workspace",
        )
    if not wanted and len(available) != 1:
        raise click.BadParameter(
            f"Name one of the workspaces that this token reaches: {names}.",
            param_hint="--workspace",
        )
    return wanted or available[0]


def _raise_explained_error(url: str, error: urllib.error.HTTPError) -> NoReturn:
    if error.code in (401, 403):
        text = (
            f"{url} does not accept this token: it is mistyped, revoked or expired. "
            f"Make one at {url}/account/ under Tokens."
        )
    elif 300 <= error.code < 400:
        place = error.headers.get("Location", "another address")
        text = f"{url} sends on to {place}. Log in to that address."
    elif error.code >= 500:
        text = f"{url} answers with an error ({error.code}). Try again later."
    else:
        text = f"{url} is not a Run Studio server (it answers {error.code})."
    raise click.ClickException(text) from error


def parse_address(text: str) -> Connection:
    """The server in an address, and the workspace if it has `/w/<workspace>`."""
    try:
        parts = urlsplit(text.strip())
        is_valid = parts.scheme in ("http", "https") and bool(parts.hostname)
        # Reading `port` raises ValueError for a port that is out of range.
        is_valid = is_valid and parts.username is None and parts.port != 0
    except ValueError:
        is_valid = False
    if not is_valid:
        raise click.BadParameter(
            "must be a server's address, such as https://studio.example.org",
            param_hint="URL",
        )
    folders = parts.path.strip("/").split("/")
    workspace = unquote(folders[1]) if folders[0] == "w" and len(folders) > 1 else ""
    return Connection(f"{parts.scheme}://{parts.netloc}", "", workspace)


def _ask_for_token() -> str:
    """Read a token from the terminal, without showing it, or from a pipe."""
    if sys.stdin is not None and not sys.stdin.isatty():
        return sys.stdin.readline()
    token: str = click.prompt("Token", hide_input=True)
    return token


@click.command()
@click.argument("url")
@click.option(
    "--token",
    help="A token from the server's account page; asked for when not given.",
)
@click.option("--workspace", help="Needed when the token reaches several.")
def login(url: str, token: str | None, workspace: str | None) -> None:
    """Keep the address of a server elsewhere, and a token, for `studio env`."""
    address = parse_address(url)
    token = (_ask_for_token() if token is None else token).strip()
    # Other characters would break the Authorization header.
    if not token.isascii() or not token.isprintable() or " " in token or not token:
        raise click.BadParameter("is no token", param_hint="--token")
    available = list_workspaces(address.url, token)
    name = choose_workspace(workspace or address.workspace, available)
    stored = Connection(address.url, token, name)
    try:
        path = connection.save_connection(stored)
    except OSError as error:
        raise click.ClickException(f"The token could not be kept: {error}") from error
    click.echo(
        f"Logged in to {stored.url}, workspace {stored.workspace} (kept in {path})."
    )
    if address.url.startswith("http:") and not is_loopback(stored.host):
        click.echo("The address is plain http: the network sees the token.", err=True)
    if connection.home_file().exists():
        click.echo(
            "A server of this machine comes first; use `studio env --login`.", err=True
        )
