"""Reading the database before anything may be written to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.core.management.base import CommandError
from django.db import DatabaseError, connection
from django.db.backends.base.base import BaseDatabaseWrapper


def describe_database() -> str:
    """Which database it is, without a password."""
    settings = connection.settings_dict
    if connection.vendor == "sqlite":
        return str(settings["NAME"])
    return f"PostgreSQL {describe_server(settings)}/{settings['NAME']}"


def describe_server(settings: dict[str, Any]) -> str:
    """Its host and port, which can also be in the query of `DATABASE_URL`."""
    options = settings.get("OPTIONS") or {}
    host = settings.get("HOST") or options.get("host") or "localhost"
    port = settings.get("PORT") or options.get("port")
    return f"{host}:{port}" if port else str(host)


def error_in_one_line(error: BaseException) -> str:
    return " ".join(str(error).split())


def _hint_for_error(error: DatabaseError) -> str:
    """What to do about the errors of SQLite that say only what it met."""
    text = str(error)
    if "malformed" in text or "not a database" in text:
        return ". Restore a backup into an empty folder (`manage.py restore`)."
    if "disk I/O" in text or "disk is full" in text:
        return ". Free some space or check the disk, then start again."
    return ""


@contextmanager
def read_only() -> Iterator[BaseDatabaseWrapper | None]:
    """A connection that cannot write; None where there is no SQLite file yet.

    Raises CommandError where the database cannot be read.
    """
    copy = _read_only_connection()
    try:
        yield copy
    except DatabaseError as error:
        raise CommandError(
            f"The database {describe_database()} cannot be used: "
            f"{error_in_one_line(error)}"
            f"{_hint_for_error(error)}"
        ) from error
    finally:
        if copy is not None:
            copy.close()


def _read_only_connection() -> BaseDatabaseWrapper | None:
    copy = connection.copy()
    if connection.vendor == "sqlite":
        path = Path(str(connection.settings_dict["NAME"]))
        if not path.exists():
            return None
        # Neither is the file created, nor its journal mode changed.
        copy.settings_dict["NAME"] = f"file:{quote(str(path))}?mode=ro"
        copy.settings_dict["OPTIONS"] = {"timeout": 5}
    else:
        options = dict(copy.settings_dict["OPTIONS"])
        params = options.get("options", "")
        options["options"] = f"{params} -c default_transaction_read_only=on".strip()
        copy.settings_dict["OPTIONS"] = options
    return copy


class TableReader:
    """Plain questions to a database of any version, as long as it has the tables."""

    def __init__(self, using: BaseDatabaseWrapper | None) -> None:
        self.using = using
        self.tables: set[str] = set()
        if using is not None:
            with using.cursor() as cursor:
                self.tables = set(using.introspection.table_names(cursor))

    def first_column(
        self, table: str, rest: str, params: Sequence[str] = ()
    ) -> list[str]:
        """The first column that `SELECT {rest}` finds; `rest` has `{table}` in it."""
        if self.using is None or table not in self.tables:
            return []
        with self.using.cursor() as cursor:
            cursor.execute(f"SELECT {rest.format(table=table)}", list(params))
            return [str(row[0]).strip() for row in cursor.fetchall()]

    def identity(self) -> str:
        """The database's identity; empty where it has none."""
        found = self.first_column("runs_studioidentity", "identity FROM {table}")
        return found[0] if found else ""
