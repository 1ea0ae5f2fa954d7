"""The home folder: all state of one server, and one server at a time."""

from __future__ import annotations

import fcntl
import json
import os
import stat
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from studio.core.private_files import write_private


def prepare_folder(folder: Path) -> None:
    """Only its owner may look into it and into what this process will write."""
    set_private_umask()
    try:
        mode = stat.S_IMODE(folder.stat().st_mode)
        if mode & 0o077:
            folder.chmod(0o700)
    except OSError as error:
        raise CommandError(f"{folder} cannot be used: {error.strerror}") from error


def set_private_umask() -> None:
    """Only the owner may read what this process writes."""
    os.umask(0o077)


def lock_folder(folder: Path, *, as_server: bool = True) -> int:
    """Lock the folder until this process ends. Raise CommandError if it is locked.

    `as_server` is whether this process is a server itself. The system releases the lock
    with the process, so a crash leaves nothing behind.
    """
    try:
        handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise CommandError(f"{folder} cannot be used: {error.strerror}") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        holder = os.pread(handle, 20, 0).decode(errors="replace").strip()
        os.close(handle)
        server = f"server (process {holder or 'unknown'}) is using {folder}."
        raise CommandError(
            f"Another {server} Stop it first, or set STUDIO_HOME to another folder."
            if as_server
            else f"The {server} Stop it first."
        ) from error
    # Only now: until the lock is taken, the file names the process that has it.
    os.ftruncate(handle, 0)
    os.pwrite(handle, str(os.getpid()).encode(), 0)
    return handle


def is_served(folder: Path) -> bool:
    """Whether a server holds the folder now."""
    try:
        handle = os.open(folder / "lock", os.O_RDONLY)
    except OSError:
        return False
    try:
        # A shared lock, so that two checks at the same time don't see each other as a
        # server.
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


def client_file(folder: Path) -> Path:
    return folder / "client.json"


def read_client(folder: Path) -> dict[str, Any]:
    """What `studio env` finds on this machine; empty when there is nothing yet."""
    try:
        found = json.loads(client_file(folder).read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write_client(folder: Path, *, url: str, token: str, workspace: str) -> None:
    content = {"url": url, "token": token, "workspace": workspace}
    write_private(client_file(folder), json.dumps(content, indent=2) + "\n")


def base_url() -> str:
    """The server's address: the configured origin, or that of the last start."""
    known = str(read_client(settings.STUDIO_HOME).get("url") or "")
    return settings.STUDIO_ORIGIN or known or f"http://127.0.0.1:{settings.PORT}"
