"""Where benches work: a home folder, and the database that belongs to it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir

import click
import django

from tests.parts.postgres import account, binaries, serve_cluster


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
    folder = Path(f"{home.absolute()}.postgresql")
    folder.mkdir(parents=True, exist_ok=True)
    os.chown(folder, *account())
    let_pass(folder)
    with serve_cluster(programs, folder, is_kept=True) as address:
        yield {"DATABASE_URL": address}


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
