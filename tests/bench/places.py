"""Where benches work: a home folder, and the database that belongs to it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir
from urllib.parse import quote

import click
import django

from tests.parts.postgres import account, binaries


@contextmanager
def database(home: Path, kind: str) -> Iterator[dict[str, str]]:
    """The environment of a server over `home`; PostgreSQL runs within the block.

    Its cluster is stored next to the home folder, with default settings.
    """
    if kind == "sqlite":
        yield {}
        return
    programs = binaries()
    if programs is None:
        raise click.ClickException("PostgreSQL is missing: apt-get install postgresql")
    with cluster(programs, Path(f"{home.absolute()}.postgresql")) as address:
        yield {"DATABASE_URL": address}


@contextmanager
def cluster(programs: Path, folder: Path) -> Iterator[str]:
    """A cluster that is kept; it listens on a socket in its own folder only."""
    user, group = account()
    folder.mkdir(parents=True, exist_ok=True)
    os.chown(folder, user, group)
    let_pass(folder)

    def call(program: str, *words: str) -> None:
        subprocess.run(
            [programs / program, "--pgdata", folder / "data", *words],
            check=True,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            user=user if os.geteuid() == 0 else None,
            group=group if os.geteuid() == 0 else None,
            extra_groups=[] if os.geteuid() == 0 else None,
        )

    if not (folder / "data").exists():
        make = ["--username", "studio", "--auth", "trust", "--encoding", "UTF8"]
        call("initdb", *make, "--locale", "C.UTF-8")
    options = f"-k {folder} -c listen_addresses="
    log = str(folder / "log")
    call("pg_ctl", "--wait", "--log", log, "--options", options, "start")
    try:
        yield f"postgres://studio@/postgres?host={quote(str(folder), safe='')}"
    finally:
        call("pg_ctl", "--wait", "--mode", "fast", "stop")


def let_pass(folder: Path) -> None:
    """The cluster's user may be another one, who must get through what is our own."""
    for above in folder.parents:
        if above.stat().st_uid == os.geteuid() and above.is_relative_to(gettempdir()):
            above.chmod(above.stat().st_mode | 0o011)


def enter(home: Path, env: dict[str, str]) -> None:
    """Make this process one that works over `home`, as the server's processes do."""
    os.environ.update(
        {
            **env,
            "STUDIO_HOME": str(home),
            "DJANGO_SETTINGS_MODULE": "studio.settings.base",
        }
    )
    django.setup()
