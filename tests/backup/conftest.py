"""A filled home per test, copied from one that is filled once."""

from __future__ import annotations

import os
import shutil
from itertools import count
from pathlib import Path

import pytest

from tests.backup.homes import FILL, Home, clone_database
from tests.parts.postgres import fresh_database
from tests.parts.templates import build_once, migrate

_numbers = count(1)


@pytest.fixture(scope="session")
def filled_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("filled"))
    shutil.copy(build_once("database", migrate) / "studio.sqlite3", home.path)
    home.python(FILL)
    return home


@pytest.fixture(scope="session")
def filled_postgres(tmp_path_factory: pytest.TempPathFactory, postgres: str) -> Home:
    env = {"DATABASE_URL": fresh_database(postgres)}
    home = Home(tmp_path_factory.mktemp("filled-postgres"), env)
    home.python(FILL)
    return home


@pytest.fixture
def home(filled_sqlite: Home, tmp_path: Path) -> Home:
    """A filled home on SQLite."""
    shutil.copytree(filled_sqlite.path, tmp_path / "home")
    return Home(tmp_path / "home")


@pytest.fixture
def postgres_home(filled_postgres: Home, postgres: str, tmp_path: Path) -> Home:
    """A filled home on PostgreSQL."""
    shutil.copytree(filled_postgres.path, tmp_path / "home")
    source = filled_postgres.env["DATABASE_URL"]
    name = f"clone_{os.getpid()}_{next(_numbers)}"
    return Home(
        tmp_path / "home", {"DATABASE_URL": clone_database(postgres, source, name)}
    )


@pytest.fixture
def backups(tmp_path: Path) -> Path:
    return tmp_path / "backups"


@pytest.fixture
def empty(tmp_path: Path) -> Home:
    """An empty home on SQLite."""
    (tmp_path / "empty").mkdir()
    return Home(tmp_path / "empty")
