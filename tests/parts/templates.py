"""Databases and homes that are prepared once per session, and copied by each worker."""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import psycopg
import pytest
from django.conf import settings

from tests.parts.clients import ROOT, quiet_environment

#: Names the folder of the templates for all workers of a session.
FOLDER = "STUDIO_TEST_TEMPLATES"


def pytest_configure(config: pytest.Config) -> None:
    """Create the folder in the process that starts the workers."""
    if FOLDER not in os.environ:
        folder = os.environ[FOLDER] = tempfile.mkdtemp(prefix="studio-templates-")
        config.add_cleanup(lambda: remove(folder))


def remove(folder: str) -> None:
    if (Path(folder) / "postgres-database").exists():
        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {postgres_template()}".encode())
    shutil.rmtree(folder, ignore_errors=True)
    del os.environ[FOLDER]


def postgres_template() -> str:
    """Name the template database as the folder, so that sessions do not share it."""
    return Path(os.environ[FOLDER]).name.replace("-", "_")


def build_once(name: str, build: Callable[[Path], None]) -> Path:
    """Return the folder that `build` fills, once for all workers."""
    if FOLDER not in os.environ:
        # Benchmarks have no session.
        os.environ[FOLDER] = tempfile.mkdtemp(prefix="studio-templates-")
        atexit.register(remove, os.environ[FOLDER])
    folder = Path(os.environ[FOLDER])
    built = folder / name
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not built.exists():
            partial = folder / f"{name}.partial"
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(mode=0o700)
            build(partial)
            partial.rename(built)
    return built


#: As a start of the server does, in a quarter of the time of Django's own command.
MIGRATE = """
import django
django.setup()
from runs.management import schema
schema.migrate()
schema.create_content_types()
"""


def migrate(home: Path, env: Mapping[str, str] | None = None) -> None:
    """Create the tables of an empty database."""
    _run_python(["-c", MIGRATE], home, env)


def migrate_by_command(home: Path, env: Mapping[str, str] | None = None) -> None:
    """Create the tables by Django's own command."""
    _run_python(["manage.py", "migrate", "--verbosity=0"], home, env)


def _run_python(words: list[str], home: Path, env: Mapping[str, str] | None) -> None:
    own = {"DJANGO_SETTINGS_MODULE": "studio.settings.base", "STUDIO_HOME": str(home)}
    subprocess.run(
        [sys.executable, *words],
        env={**quiet_environment(), **own, **(env or {})},
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        check=True,
        # As the server's own files: its home begins as a copy.
        umask=0o077,
    )


@pytest.fixture(scope="session")
def django_db_keepdb(django_db_modify_db_settings: None) -> bool:
    """Give pytest-django a migrated database, which it then keeps.

    On SQLite the file is copied, and removed with the tests' home. PostgreSQL copies
    the template itself.
    """
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        template = build_once("database", migrate)
        name = str(database["TEST"]["NAME"])
        # Of an earlier session with the same home: SQLite would add them to the copy.
        for suffix in ("-wal", "-shm"):
            Path(name + suffix).unlink(missing_ok=True)
        shutil.copy(template / "studio.sqlite3", name)
        return True
    database["TEST"]["TEMPLATE"] = postgres_template()
    build_once("postgres-database", migrate_postgres_template)
    return False


def migrate_postgres_template(home: Path) -> None:
    """Migrate a database next to the one that DATABASE_URL names."""
    address = os.environ["DATABASE_URL"]
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {postgres_template()}".encode())
    before, _, host = address.partition("?")
    path = f"{before.rpartition('/')[0]}/{postgres_template()}"
    migrate(home, {"DATABASE_URL": f"{path}?{host}"})
