"""PostgreSQL's own programs, pg_dump and pg_restore, where they are installed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

#: What Django adds to a connection's parameters and libpq does not know.
_DJANGO_ONLY = {"password", "cursor_factory", "context", "prepare_threshold"}


class ProgramFailed(Exception):
    """Its text is the last line that the program printed."""


def find_program(name: str, server_version: int) -> Path | None:
    """The newest such program that is not older than the server (as 150004)."""
    candidates = sorted(_candidate_paths(name), key=_major_version, reverse=True)
    # pg_dump refuses to read from a server that is newer than itself.
    if candidates and _major_version(candidates[0]) >= server_version // 10_000:
        return candidates[0]
    return None


def _candidate_paths(name: str) -> Iterator[Path]:
    on_path = shutil.which(name)
    if on_path:
        yield Path(on_path)
    yield from Path("/usr/lib/postgresql").glob(f"*/bin/{name}")


def _major_version(program: Path) -> int:
    try:
        version = subprocess.run(
            [program, "--version"], capture_output=True, text=True, check=False
        ).stdout
    except OSError:
        return 0
    found = re.search(r"\) (\d+)", version)
    return int(found[1]) if found else 0


def connection_arguments(connection: BaseDatabaseWrapper) -> tuple[str, dict[str, str]]:
    """The database as an option, and the environment with the password."""
    from psycopg.conninfo import make_conninfo

    params: dict[str, Any] = connection.get_connection_params()
    for_libpq = {
        name: value
        for name, value in params.items()
        if name not in _DJANGO_ONLY and value is not None
    }
    environment = dict(os.environ)
    # Not as an option: every user of the machine can list those of a process.
    if params.get("password"):
        environment["PGPASSWORD"] = str(params["password"])
    return f"--dbname={make_conninfo(**for_libpq)}", environment


def run_program(command: list[str | Path], environment: dict[str, str]) -> None:
    done = subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"status {done.returncode}"]
        raise ProgramFailed(lines[-1])
