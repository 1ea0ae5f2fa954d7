"""A run's search text, which free words search, with an index on both databases.

`runs.models.grams` defines its content. SQLite has an FTS5 table of trigrams over both
columns, whose rowid is the run's key. Triggers update it in the row's transaction.
PostgreSQL has GIN indexes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from runs.models import triggers
from runs.models.runs import Run

TABLE = "runs_searchtext"
#: SQLite's index; Django does not manage this table.
INDEX = "runs_searchindex"

#: What a rebuild keeps in memory: pages, and words before they are written.
REBUILD_CACHE_KB, REBUILD_HASH_BYTES = 128 * 1024, 64 * 1024 * 1024
#: FTS5's own default, for ordinary writes.
_HASH_BYTES = 1024 * 1024
#: How many parts of a size are merged, and how many at most wait for it. FTS5's own 4
#: and 16 make a change of 100,000 runs three times slower: nearly all of the time it
#: would merge. A search reads a few more parts.
_MERGED_PARTS, _MAX_PARTS = 16, 64


class SearchText(models.Model):
    """One row per run; only `runs.actions.run_rows` writes it."""

    run = models.OneToOneField(
        Run, on_delete=models.CASCADE, primary_key=True, related_name="search_text"
    )
    text = models.TextField()
    grams = models.TextField()


class IndexedText(models.TextField):  # type: ignore[type-arg]
    """SQLite's index as a column, for MATCH."""


class SearchIndex(models.Model):
    """SQLite's index as a table to join runs with. PostgreSQL has no such table.

    Its key is the run's, so it yields runs by arrival, newest first.
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
    """Create the missing parts of the index without filling it. Safe to repeat."""
    on_postgresql = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        for statement in _POSTGRESQL if on_postgresql else (_FTS, *_TRIGGERS.values()):
            cursor.execute(statement)
    configure(connection)


def configure(connection: BaseDatabaseWrapper) -> None:
    """Set how SQLite's index merges its parts; the index stores it."""
    if connection.vendor != "sqlite":
        return
    command = f"INSERT INTO {INDEX}({INDEX}, rank) VALUES(%s, %s)"
    with connection.cursor() as cursor:
        cursor.execute(command, ["automerge", _MERGED_PARTS])
        cursor.execute(command, ["crisismerge", _MAX_PARTS])


def remove(connection: BaseDatabaseWrapper) -> None:
    """Drop the index and its triggers: for migrations that go back."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"DROP INDEX IF EXISTS {TABLE}_text, {TABLE}_grams")
            return
        triggers.drop_triggers(connection, TABLE, _TRIGGERS)
        cursor.execute(f"DROP TABLE IF EXISTS {INDEX}")


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """List SQLite's missing triggers, without which the index is stale."""
    if connection.vendor == "postgresql":
        return []
    return triggers.missing_triggers(connection, _TRIGGERS)


def restore(connection: BaseDatabaseWrapper) -> None:
    """Create the missing parts of the index, and fill it: all of it or nothing.

    A start that is killed on the way leaves the triggers missing, so the next one
    begins again.
    """
    with transaction.atomic(using=connection.alias):
        install(connection)
        refill(connection)


def refill(connection: BaseDatabaseWrapper) -> None:
    """Rebuild SQLite's index from the table; PostgreSQL maintains its own.

    It uses more memory than ordinary writes: with theirs, each megabyte of the index is
    written to the disk on its own, read again, and merged with others many times.
    """
    if connection.vendor != "sqlite":
        return
    command = f"INSERT INTO {INDEX}({INDEX}, rank) VALUES(%s, %s)"
    with (
        page_cache(connection, REBUILD_CACHE_KB),
        # The index stores its own setting, so both are committed or neither.
        transaction.atomic(using=connection.alias),
        connection.cursor() as cursor,
    ):
        cursor.execute(command, ["hashsize", REBUILD_HASH_BYTES])
        cursor.execute(f"INSERT INTO {INDEX}({INDEX}) VALUES('rebuild')")
        cursor.execute(command, ["hashsize", _HASH_BYTES])


@contextmanager
def page_cache(connection: BaseDatabaseWrapper, kilobytes: int) -> Iterator[None]:
    """Give this connection to SQLite another page cache during a block."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA cache_size")
        [before] = cursor.fetchone()
        cursor.execute(f"PRAGMA cache_size={-kilobytes}")
        try:
            yield
        finally:
            cursor.execute(f"PRAGMA cache_size={before}")


#: `content`: no copy of the texts. `case_sensitive`: the texts are in lower case
#: already.
_FTS = f"""
CREATE VIRTUAL TABLE IF NOT EXISTS {INDEX} USING fts5(
  text, grams, content='{TABLE}', content_rowid='run_id', columnsize=0,
  tokenize='trigram case_sensitive 1'
)
"""
#: Without a copy of its own, FTS5 must be given the old text to remove it.
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
#: The expression of PostgreSQL's index of grams.
GRAM_ARRAY = "string_to_array({column}, E'\\x1e')"
_POSTGRESQL = tuple(
    f"CREATE INDEX IF NOT EXISTS {TABLE}_{name} ON {TABLE} USING gin ({what})"
    for name, what in (
        ("text", "text gin_trgm_ops"),
        ("grams", f"({GRAM_ARRAY.format(column='grams')})"),
    )
)
