"""On PostgreSQL, a start creates the schema that Django's own command does."""

from __future__ import annotations

import os
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from tests.commands.test_database import prepare
from tests.parts.postgres import SCHEMA, environment_with

pytestmark = pytest.mark.skipif(
    connection.vendor != "postgresql",
    reason="tests/commands compares the schemas on SQLite",
)


@pytest.mark.django_db
def test_a_start_creates_the_schema_of_djangos_own_command(tmp_path: Path) -> None:
    address = environment_with(os.environ["DATABASE_URL"])
    done = prepare(tmp_path, env={"DATABASE_URL": address})
    assert done.returncode == 0, done.stderr
    with psycopg.connect(address) as new:
        found = new.execute(SCHEMA.encode()).fetchall()
    with connection.cursor() as cursor:
        cursor.execute(SCHEMA)
        assert found == cursor.fetchall()
    assert len(found) > 600
