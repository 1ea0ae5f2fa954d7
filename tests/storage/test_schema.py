"""On PostgreSQL, a start creates the schema that Django's own command does."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from tests.commands.test_database import prepare
from tests.parts.postgres import SCHEMA, environment_with
from tests.parts.templates import migrate_by_command

pytestmark = pytest.mark.skipif(
    connection.vendor != "postgresql",
    reason="tests/commands compares the schemas on SQLite",
)


@pytest.mark.django_db
def test_a_start_creates_the_schema_of_djangos_own_command(tmp_path: Path) -> None:
    made: list[list[tuple[object, ...]]] = []
    for create in (migrate_by_command, start):
        address = environment_with(os.environ["DATABASE_URL"])
        create(tmp_path, {"DATABASE_URL": address})
        with psycopg.connect(address) as new:
            made.append(new.execute(SCHEMA.encode()).fetchall())
    by_command, by_start = made
    assert by_start == by_command
    assert len(by_start) > 600


def start(home: Path, env: Mapping[str, str]) -> None:
    done = prepare(home, env=env)
    assert done.returncode == 0, done.stderr
