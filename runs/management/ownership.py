"""Whether a home folder and a database belong together, decided before any write.

Both carry the same identity. `examine` reads what is there, `decide` says what a start
does, and `write_identities` runs after the migration. A first start that is killed in
between leaves `identity.new`, and the next start continues from there.
"""

from __future__ import annotations

import heapq
import uuid
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from django.core.management.base import CommandError
from django.db import DatabaseError

from runs.management.identity import (
    home_file,
    read_database,
    read_file,
    read_home,
    write_database,
    write_home,
)
from runs.management.move_record import refuse_moved
from runs.management.read_only import Reader, describe_database, one_line, read_only
from runs.models import File
from runs.storage.files import files
from studio.core.private import sync_folder, write_private

#: The newest stored files that are looked up in a database without an identity.
MAX_NEWEST_FILES = 20
TABLES_WITH_BLOBS = ("runs_file", "runs_snapshot")
NEXT_STEPS = (
    "Correct DATABASE_URL and STUDIO_HOME, or restore a backup. To use the two "
    "together anyway, run `manage.py studio --adopt`."
)


class Step(Enum):
    """What a start writes once the database has its tables."""

    NOTHING = "nothing"
    BOTH = "a new identity to both"
    DATABASE = "the folder's identity to the database"
    HOME = "the database's identity to the folder"


@dataclass(frozen=True)
class Facts:
    """What a start finds; identities are empty where there are none.

    `pending` is the identity of a start that did not finish. `newest` are the newest
    stored files, and `known` counts those of them that the database names.
    """

    folder: Path
    home: str
    database: str
    pending: str = ""
    is_empty: bool = False
    newest: int = 0
    known: int = 0
    names_files: bool = False

    @property
    def is_proven(self) -> bool:
        """Whether the database knows most of the newest stored files."""
        return self.known * 2 > self.newest


def examine(folder: Path) -> Facts:
    with read_only() as using:
        reader = Reader(using)
        found = Facts(
            folder,
            read_home(folder),
            reader.identity(),
            pending=read_file(pending_file(folder)),
            is_empty=_has_no_rows(reader),
        )
        if found.home == found.database != "" and not found.is_empty:
            # The usual start does not look through a million files.
            return found
        newest = newest_stored()
        return replace(
            found,
            newest=len(newest),
            known=count_known(reader, newest),
            names_files=any(
                reader.values(table, "id FROM {table} LIMIT 1")
                for table in TABLES_WITH_BLOBS
            ),
        )


def _has_no_rows(reader: Reader) -> bool:
    return not reader.values("runs_workspace", "id FROM {table} LIMIT 1")


def decide(found: Facts) -> Step:
    """Raises CommandError, which says how to continue, where the two do not match."""
    if found.pending and found.pending == found.database:
        return Step.HOME
    if found.is_empty and (found.newest or found.home != found.database):
        raise CommandError(_is_empty(found))
    if found.database and found.home == found.database:
        return Step.NOTHING
    if found.database and found.home:
        raise CommandError(_differ(found))
    if found.database:
        return _require_proof(found, Step.HOME)
    if found.home:
        return _require_proof(found, Step.DATABASE)
    if not found.newest and not found.names_files:
        return Step.BOTH
    return _require_proof(found, Step.BOTH)


def lost_files() -> str:
    """A sentence where the newest files that the database names are all missing.

    A half copied folder can look so. An older copy of the database may name files that
    were deleted since, so this does not stop a start.
    """
    blobs = list(
        File.objects.order_by("-pk").values_list("blob", "size")[:MAX_NEWEST_FILES]
    )
    if not blobs or any(files.is_whole(name, size) for name, size in blobs):
        return ""
    return (
        f"The {len(blobs)} newest files of the database are missing from {files.root}. "
        "If this folder is a copy, copy the stored files too. To list what is missing, "
        "run `manage.py verify`."
    )


def _require_proof(found: Facts, step: Step) -> Step:
    if not found.newest:
        raise CommandError(
            f"{_both(found)} might not belong together: the folder stores no files "
            f"to compare. {NEXT_STEPS}"
        )
    if not found.is_proven:
        raise CommandError(
            f"{_both(found)} do not belong together: the database knows "
            f"{found.known} of the {found.newest} newest stored files. {NEXT_STEPS}"
        )
    return step


def _differ(found: Facts) -> str:
    return (
        f"{_both(found)} belong to different servers: their identities differ. "
        f"{NEXT_STEPS}"
    )


def _is_empty(found: Facts) -> str:
    count = sum(1 for _ in files.names())
    stored = f"stores {count} file{'' if count == 1 else 's'}"
    if not count:
        stored = "was used with another database" if found.home else "is new"
    belongs = "" if count or found.home else " and belongs to another folder"
    return (
        f"{_folder(found)} {stored}, but {_database(found)} is empty{belongs}. To keep "
        "your data, set DATABASE_URL to the old database (unset it for SQLite), or "
        "restore a backup. Then you can move the data with `manage.py move-to`. If "
        "there is no data to keep, run `manage.py studio --adopt`."
    )


def _both(found: Facts) -> str:
    return f"{_folder(found)} and {_database(found)}"


def _folder(found: Facts) -> str:
    return f"The folder {found.folder} ({_short(found.home)})"


def _database(found: Facts) -> str:
    return f"the database {describe_database()} ({_short(found.database)})"


def _short(identity: str) -> str:
    return f"identity {identity[:8]}" if identity else "without identity"


def pending_file(folder: Path) -> Path:
    return folder / "identity.new"


def write_identities(folder: Path, step: Step) -> None:
    """Write what was decided; the tables are there. Raises CommandError, OSError."""
    try:
        if step is Step.BOTH:
            adopt(folder)
        elif step is Step.DATABASE:
            write_database(read_home(folder))
        elif step is Step.HOME:
            write_home(folder, read_database())
    except DatabaseError as error:
        raise CommandError(
            f"The identity cannot be written to the database: {one_line(error)}"
        ) from error
    pending_file(folder).unlink(missing_ok=True)


def adopt(folder: Path) -> None:
    """Give both a new identity: another home that used the database is refused then.

    The order makes it safe to be killed: with `identity.new` alone nothing has changed,
    and with the database's row the next start finishes.
    """
    value = uuid.uuid4().hex
    pending = pending_file(folder)
    write_private(pending, f"{value}\n")
    sync_folder(folder)
    write_database(value)
    pending.replace(home_file(folder))
    sync_folder(folder)


def refuse_foreign(folder: Path) -> None:
    """For every other command: CommandError where a start would stop, too."""
    refuse_moved(folder)
    with read_only() as using:
        reader = Reader(using)
        facts = Facts(
            folder,
            read_home(folder),
            reader.identity(),
            is_empty=_has_no_rows(reader),
        )
    if facts.home != facts.database:
        raise CommandError(_is_empty(facts) if facts.is_empty else _differ(facts))


def newest_stored() -> list[str]:
    """The names of the newest stored files, by when they were written."""
    found = ((_written(name), name) for name in files.names())
    return [name for _, name in heapq.nlargest(MAX_NEWEST_FILES, found)]


def _written(name: str) -> float:
    try:
        return files.path(name).stat().st_mtime
    except FileNotFoundError:
        return 0.0


def count_known(reader: Reader, blobs: list[str]) -> int:
    found: set[str] = set()
    places = ", ".join(["%s"] * len(blobs))
    for table in TABLES_WITH_BLOBS:
        if blobs:
            rest = f"blob FROM {{table}} WHERE blob IN ({places})"
            found.update(reader.values(table, rest, blobs))
    return len(found)
