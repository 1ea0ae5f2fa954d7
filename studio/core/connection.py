"""Which server commands and scripts talk to, and with which token.

On the server's machine the server wrote it into its home folder; elsewhere
`studio login` did, below the user's configuration folder.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from studio.core.private_files import write_private

#: Our programs as requests name them, before the version in the header `User-Agent`.
SDK, CLI = "run-studio", "run-studio-cli"


class NoServerError(Exception):
    """There is no server to talk to, or its file cannot be read; says what to do."""


@dataclass(frozen=True)
class Connection:
    """A server's address without a trailing slash, a token, and its workspace."""

    url: str
    token: str
    workspace: str

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def tracking_uri(self) -> str:
        return f"{self.url}/w/{quote(self.workspace)}"


def is_loopback(host: str) -> bool:
    """Whether the host is this machine."""
    import ipaddress

    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def is_same_address(one: str, other: str) -> bool:
    """Whether both URLs lead to the same server, as far as their texts tell.

    `localhost`, `127.0.0.1` and `[::1]` are the same host.
    """
    return _comparable_address(one) == _comparable_address(other)


def _comparable_address(url: str) -> tuple[str, str, int | None, str]:
    try:
        parts = urlsplit(url.strip())
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return ("", url, None, "")
    host = (parts.hostname or "").rstrip(".")
    host = "localhost" if host in ("127.0.0.1", "::1") else host
    return parts.scheme, host, port, parts.path.rstrip("/")


def accepts_connections(url: str, seconds: float = 1.0) -> bool:
    """Whether a server accepts connections at the address within the time."""
    taken = threading.Event()

    def try_to_connect() -> None:
        try:
            parts = urlsplit(url)
            port = parts.port or (443 if parts.scheme == "https" else 80)
            socket.create_connection((parts.hostname or "", port), seconds).close()
            taken.set()
        except (OSError, ValueError):
            pass

    # Aside, since looking up a name has no limit of its own.
    asking = threading.Thread(target=try_to_connect, daemon=True)
    asking.start()
    asking.join(seconds)
    return taken.is_set()


def home_file() -> Path:
    """The file of the server on this machine."""
    home = os.environ.get("STUDIO_HOME", "").strip() or "~/.studio"
    return Path(home).expanduser() / "client.json"


def login_file() -> Path:
    """The file of `studio login`. Raises NoServerError without platformdirs."""
    try:
        import platformdirs
    except ModuleNotFoundError as error:
        # With `studio env`, scripts of another interpreter work without it.
        raise NoServerError(
            "Run Studio needs platformdirs to find the server of `studio login`: run "
            f"`{sys.executable} -m pip install platformdirs`, or set STUDIO_URL, "
            "STUDIO_TOKEN and STUDIO_WORKSPACE."
        ) from error
    return Path(platformdirs.user_config_dir("run-studio")) / "login.json"


def find_saved_connection(*, login_only: bool = False) -> Connection:
    """This machine's own server, or else the one of `studio login`.

    Raises NoServerError.
    """
    places = []
    for find_file in (login_file,) if login_only else (home_file, login_file):
        places.append(find_file())
        found = read_connection_file(places[-1])
        if found is not None:
            return found
    raise NoServerError(
        f"No server is known here: there is no {' and no '.join(map(str, places))}. "
        "Start one with `python manage.py studio`, or run `studio login URL` with the "
        "address of a server elsewhere."
    )


def read_connection_file(path: Path) -> Connection | None:
    """What the file says; None when there is no file. Raises NoServerError."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return Connection(
            url=str(content["url"]).rstrip("/"),
            token=str(content["token"]),
            workspace=str(content["workspace"]),
        )
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise NoServerError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise NoServerError(
            f"{path} is damaged. Delete it; the server's next start or `studio login` "
            "writes it again."
        ) from error


def save_connection(connection: Connection) -> Path:
    """Keep it for the next commands, readable by this user alone. Raises OSError."""
    path = login_file()
    write_private(path, json.dumps(asdict(connection), indent=2) + "\n")
    return path
