"""Whether a home folder and a database belong together, decided before any write.

Both have the same identity. `collect_evidence` reads what is there,
`choose_identity_step` returns what a start does, and `write_identities` runs after the
migration. A first start that is killed in between leaves `identity.new`, and the next
start continues from there.
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
    identity_file,
    read_database_identity,
    read_home_identity,
    read_identity_file,
    write_database_identity,
    write_home_identity,
)
from runs.management.move_record import refuse_moved
from runs.management.read_only_database import (
    TableReader,
    describe_database,
    error_in_one_line,
    read_only,
)
from runs.models import File
from runs.storage.files import files
from studio.core.private_files import sync_folder, write_private

#: The newest stored files that are looked up in a database without an identity.
MAX_NEWEST_FILES = 20
TABLES_WITH_BLOBS = ("runs_file", "runs_snapshot")
NEXT_STEPS = (
    "Correct DATABASE_URL and STUDIO_HOME, or restore a backup. To use the two "
    "together anyway, run `manage.py studio --adopt`."
)


class IdentityStep(Enum):
    """What a start writes once the database has its tables."""

    NOTHING = "nothing"
    BOTH = "a new identity to both"
    DATABASE = "the folder's identity to the database"
    HOME = "the database's identity to the folder"


@dataclass(frozen=True)
class PairEvidence:
    """What shows whether a folder and a database are a pair.

    Identities are empty if there are none. `pending` is the identity of a start that
    did not finish. `newest` counts the newest stored files, and `known` those of them
    that have a row in the database.
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


def collect_evidence(folder: Path) -> PairEvidence:
    with read_only() as using:
        reader = TableReader(using)
        evidence = _read_identities(folder, reader)
        if evidence.home == evidence.database != "" and not evidence.is_empty:
            # The usual start does not look through a million files.
            return evidence
        newest = newest_stored_files()
        return replace(
            evidence,
            newest=len(newest),
            known=count_known_blobs(reader, newest),
            names_files=any(
                reader.first_column(table, "id FROM {table} LIMIT 1")
                for table in TABLES_WITH_BLOBS
            ),
        )


def _read_identities(folder: Path, reader: TableReader) -> PairEvidence:
    return PairEvidence(
        folder,
        read_home_identity(folder),
        reader.identity(),
        pending=read_identity_file(pending_identity_file(folder)),
        is_empty=not reader.first_column("runs_workspace", "id FROM {table} LIMIT 1"),
    )


def choose_identity_step(evidence: PairEvidence) -> IdentityStep:
    """Return what a start writes. Raise CommandError if the two do not match."""
    if evidence.pending and evidence.pending == evidence.database:
        return IdentityStep.HOME
    if evidence.is_empty and (evidence.newest or evidence.home != evidence.database):
        raise CommandError(_empty_database_message(evidence))
    if evidence.database and evidence.home == evidence.database:
        return IdentityStep.NOTHING
    if evidence.database and evidence.home:
        raise CommandError(_different_identities_message(evidence))
    if evidence.database:
        return _require_proof(evidence, IdentityStep.HOME)
    if evidence.home:
        return _require_proof(evidence, IdentityStep.DATABASE)
    if not evidence.newest and not evidence.names_files:
        return IdentityStep.BOTH
    return _require_proof(evidence, IdentityStep.BOTH)


def lost_files_warning() -> str:
    """Return a warning if the newest files of the database are all missing.

    A partly copied folder looks like this. But an older copy of the database can also
    name files that were deleted since, so this does not stop a start.
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


def _require_proof(evidence: PairEvidence, step: IdentityStep) -> IdentityStep:
    if not evidence.newest:
        raise CommandError(
            f"{_describe_both(evidence)} might not belong together: the folder stores "
            f"no files to compare. {NEXT_STEPS}"
        )
    if not evidence.is_proven:
        raise CommandError(
            f"{_describe_both(evidence)} do not belong together: the database knows "
            f"{evidence.known} of the {evidence.newest} newest stored files. "
            f"{NEXT_STEPS}"
        )
    return step


def _different_identities_message(evidence: PairEvidence) -> str:
    return (
        f"{_describe_both(evidence)} belong to different servers: their identities "
        f"differ. {NEXT_STEPS}"
    )


def _empty_database_message(evidence: PairEvidence) -> str:
    count = sum(1 for _ in files.names())
    stored = f"stores {count} file{'' if count == 1 else 's'}"
    if not count:
        stored = "was used with another database" if evidence.home else "is new"
    belongs = "" if count or evidence.home else " and belongs to another folder"
    return (
        f"{_describe_folder(evidence)} {stored}, but {_describe_database(evidence)} is "
        f"empty{belongs}. To keep your data, set DATABASE_URL to the old database "
        "(unset it for SQLite), or restore a backup. Then you can move the data with "
        "`manage.py move-to`. If there is no data to keep, run `manage.py studio "
        "--adopt`."
    )


def _describe_both(evidence: PairEvidence) -> str:
    return f"{_describe_folder(evidence)} and {_describe_database(evidence)}"


def _describe_folder(evidence: PairEvidence) -> str:
    return f"The folder {evidence.folder} ({_short_identity(evidence.home)})"


def _describe_database(evidence: PairEvidence) -> str:
    return f"the database {describe_database()} ({_short_identity(evidence.database)})"


def _short_identity(identity: str) -> str:
    return f"identity {identity[:8]}" if identity else "without identity"


def pending_identity_file(folder: Path) -> Path:
    return folder / "identity.new"


def write_identities(folder: Path, step: IdentityStep) -> None:
    """Write what was decided; the tables are there. Raises CommandError, OSError."""
    try:
        if step is IdentityStep.BOTH:
            write_new_identity(folder)
        elif step is IdentityStep.DATABASE:
            write_database_identity(read_home_identity(folder))
        elif step is IdentityStep.HOME:
            write_home_identity(folder, read_database_identity())
    except DatabaseError as error:
        raise CommandError(
            "The identity cannot be written to the database: "
            f"{error_in_one_line(error)}"
        ) from error
    pending_identity_file(folder).unlink(missing_ok=True)


def write_new_identity(folder: Path) -> None:
    """Give both a new identity: another home that used the database is refused then.

    The order makes it safe to be killed: with `identity.new` alone nothing has changed,
    and with the database's row the next start finishes.
    """
    value = uuid.uuid4().hex
    pending = pending_identity_file(folder)
    write_private(pending, f"{value}\n")
    sync_folder(folder)
    write_database_identity(value)
    pending.replace(identity_file(folder))
    sync_folder(folder)


def refuse_foreign_database(folder: Path) -> None:
    """For all other commands: raise CommandError where a start would stop, too."""
    refuse_moved(folder)
    with read_only() as using:
        evidence = _read_identities(folder, TableReader(using))
    if evidence.home != evidence.database:
        raise CommandError(
            _empty_database_message(evidence)
            if evidence.is_empty
            else _different_identities_message(evidence)
        )


def newest_stored_files() -> list[str]:
    """The names of the newest stored files, by when they were written."""
    # Only the newest are kept in memory, out of possibly millions.
    times = ((_modified_at(name), name) for name in files.names())
    return [name for _, name in heapq.nlargest(MAX_NEWEST_FILES, times)]


def _modified_at(name: str) -> float:
    try:
        return files.path(name).stat().st_mtime
    except FileNotFoundError:
        return 0.0


def count_known_blobs(reader: TableReader, blobs: list[str]) -> int:
    evidence: set[str] = set()
    places = ", ".join(["%s"] * len(blobs))
    for table in TABLES_WITH_BLOBS:
        if blobs:
            rest = f"blob FROM {{table}} WHERE blob IN ({places})"
            evidence.update(reader.first_column(table, rest, blobs))
    return len(evidence)
