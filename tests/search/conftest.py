"""Libraries of runs: one to read, shared by a module's tests, and ones to fill."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection, transaction
from pytest_django.plugin import DjangoDbBlocker

from tests.search.library import Library, empty_library, full_library

#: The planner's, of a seeded database of SQLite: `sqlite_stat1` as text.
STATISTICS = Path(__file__).with_name("data") / "statistics.tsv"


@pytest.fixture(scope="module")
def library(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[Library]:
    """The full library, only to be read: building it costs more than most questions."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield full_library()
        transaction.set_rollback(True)


@pytest.fixture
def shelf(db: None) -> Library:
    """An empty library, to be filled."""
    return empty_library("shelf", "ann", "ben")


@pytest.fixture
def large(library: Library) -> Iterator[Library]:
    """The library, as its planner would see a large one."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE sqlite_master")
        cursor.execute("DELETE FROM sqlite_stat1")
        with STATISTICS.open(newline="") as file:
            rows = [
                (row["tbl"], row["idx"] or None, row["stat"])
                for row in csv.DictReader(file, delimiter="\t")
            ]
        cursor.executemany(
            "INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (%s, %s, %s)", rows
        )
        # Statistics are read again when they are asked to be.
        cursor.execute("ANALYZE sqlite_master")
    yield library
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM sqlite_stat1")
        cursor.execute("ANALYZE sqlite_master")
