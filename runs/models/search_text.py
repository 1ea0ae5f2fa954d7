"""A run's search text: what free words look for, with an index on either database.

What stands in it is said in `models.grams`. SQLite has an FTS5 table of trigrams over
both columns, whose rowid is the run's key; triggers keep it in the row's transaction,
whoever writes the row. PostgreSQL has GIN indexes.
"""

from __future__ import annotations

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Lookup
from django.db.models.sql.compiler import SQLCompiler

from runs.models import triggers
from runs.models.runs import Run

TABLE = "runs_searchtext"
#: SQLite's index, which is no table of Django's.
INDEX = "runs_searchindex"


class SearchText(models.Model):
    """One row a run, written by `actions.search_text` alone."""

    run = models.OneToOneField(
        Run, on_delete=models.CASCADE, primary_key=True, related_name="search_text"
    )
    text = models.TextField()
    grams = models.TextField()


class IndexedText(models.TextField):
    """SQLite's index as a whole, which MATCH asks."""


@IndexedText.register_lookup
class Matches(Lookup):
    lookup_name = "matches"

    def as_sql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, tuple[str | int, ...]]:
        left, _ = self.process_lhs(compiler, connection)
        return f"{left} MATCH %s", (self.rhs,)


class SearchIndex(models.Model):
    """SQLite's index as a table that runs can be joined with; there is none elsewhere.

    Read by its key, newest first, it yields runs in the order of their arrival.
    """

    run = models.OneToOneField(
        Run,
        on_delete=models.DO_NOTHING,
        primary_key=True,
        db_column="rowid",
        db_constraint=False,
        related_name="search_index",
    )
    whole = IndexedText(db_column=INDEX)

    class Meta:
        managed = False
        db_table = INDEX


def install(connection: BaseDatabaseWrapper) -> None:
    """Create what is not there of the index. Safe to repeat; fills nothing."""
    on_postgresql = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        for statement in _POSTGRESQL if on_postgresql else (_FTS, *_TRIGGERS.values()):
            cursor.execute(statement)


def remove(connection: BaseDatabaseWrapper) -> None:
    """Drop the index and its triggers: for migrations that go back."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"DROP INDEX IF EXISTS {TABLE}_text, {TABLE}_grams")
            return
        triggers.drop(connection, TABLE, _TRIGGERS)
        cursor.execute(f"DROP TABLE IF EXISTS {INDEX}")


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """SQLite's triggers that should be there and are not: the index is then stale."""
    if connection.vendor == "postgresql":
        return []
    return triggers.missing(connection, _TRIGGERS)


def restore(connection: BaseDatabaseWrapper) -> None:
    """Create what is missing of the index, and fill it."""
    install(connection)
    refill(connection)


def refill(connection: BaseDatabaseWrapper) -> None:
    """Build SQLite's index anew out of the table; PostgreSQL keeps its own."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO {INDEX}({INDEX}) VALUES('rebuild')")


_FTS = f"""
CREATE VIRTUAL TABLE IF NOT EXISTS {INDEX} USING fts5(
  text, grams, content='{TABLE}', content_rowid='run_id', columnsize=0,
  tokenize='trigram case_sensitive 1'
)
"""
_OLD = (
    f"INSERT INTO {INDEX}({INDEX}, rowid, text, grams) "
    "VALUES('delete', OLD.run_id, OLD.text, OLD.grams);"
)
_NEW = (
    f"INSERT INTO {INDEX}(rowid, text, grams) VALUES(NEW.run_id, NEW.text, NEW.grams);"
)
_TRIGGERS = {
    f"{TABLE}_{event.lower()}": (
        f"CREATE TRIGGER IF NOT EXISTS {TABLE}_{event.lower()} AFTER {event} "
        f"ON {TABLE} BEGIN {body} END"
    )
    for event, body in (
        ("INSERT", _NEW),
        ("UPDATE", f"{_OLD} {_NEW}"),
        ("DELETE", _OLD),
    )
}
#: The expression that PostgreSQL's index of grams is over.
GRAM_ARRAY = "string_to_array({column}, E'\\x1e')"
_POSTGRESQL = tuple(
    f"CREATE INDEX IF NOT EXISTS {TABLE}_{name} ON {TABLE} USING gin ({what})"
    for name, what in (
        ("text", "text gin_trgm_ops"),
        ("grams", f"({GRAM_ARRAY.format(column='grams')})"),
    )
)
