"""Which failures of a database pass by, and which would come again."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import psycopg
import pytest
from django.db import OperationalError, connection

from runs.http.error_conversion import as_studio_error
from studio.core.errors import Unavailable


def wrapped(cause: Exception) -> OperationalError:
    error = OperationalError(str(cause))
    error.__cause__ = cause
    return error


@pytest.mark.django_db
def test_a_query_that_is_too_complex_is_not_a_503() -> None:
    if connection.vendor == "sqlite":
        many, question = 300_000, "SELECT 1 WHERE 1 IN ({})"
    else:
        many, question = 2000, "SELECT {}"
    values = [1] * many
    with connection.cursor() as cursor, pytest.raises(OperationalError) as caught:
        cursor.execute(question.format(", ".join(["%s"] * many)), values)
    assert as_studio_error(caught.value) is None


def test_a_locked_database_is_a_503(tmp_path: Path) -> None:
    path = tmp_path / "held.sqlite3"
    with sqlite3.connect(path) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        other = sqlite3.connect(path, timeout=0)
        with pytest.raises(sqlite3.OperationalError) as caught:
            other.execute("BEGIN IMMEDIATE")
        other.close()
    holder.close()
    assert isinstance(as_studio_error(wrapped(caught.value)), Unavailable)


def test_an_unreachable_database_server_is_a_503(tmp_path: Path) -> None:
    with pytest.raises(psycopg.OperationalError) as caught:
        psycopg.connect(host=str(tmp_path), user="studio", dbname="studio")
    assert isinstance(as_studio_error(wrapped(caught.value)), Unavailable)


@pytest.mark.parametrize(
    "kind",
    [
        psycopg.errors.LockNotAvailable,
        psycopg.errors.DeadlockDetected,
        psycopg.errors.TooManyConnections,
        psycopg.errors.DiskFull,
        psycopg.errors.AdminShutdown,
    ],
)
def test_errors_of_an_overloaded_database_are_a_503(
    kind: type[psycopg.OperationalError],
) -> None:
    assert isinstance(as_studio_error(wrapped(kind("no"))), Unavailable)
