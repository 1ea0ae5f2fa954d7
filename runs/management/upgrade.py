"""The copy of the database before migrations, and an upgrade that can be interrupted.

`backups/upgrade.json` is there from the copy until the last migration is applied. So a
start that finds it continues an upgrade, and the copy from before it stays: only copies
of finished upgrades are removed when there are too many.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from django.core.management.base import CommandError
from django.db import connection

from runs.management import identity, schema
from runs.management.backup import (
    COPY_ERRORS,
    COPY_SUFFIXES,
    StoredFile,
    describe_file,
    upgrade_copy_kind,
    write_upgrade_copy,
)
from studio.core.private_files import sync_folder, write_private

#: How many copies of finished upgrades are kept; the oldest are removed.
MAX_COPIES = 3

PrintLine = Callable[[str], object]


@dataclass(frozen=True)
class Upgrade:
    """An upgrade under way; `moment` changes when the database is written to."""

    identity: str
    kind: str
    copy: StoredFile
    applied: tuple[str, ...]
    planned: tuple[str, ...]
    moment: str


def prepare_upgrade(folder: Path, planned: list[str], print_line: PrintLine) -> None:
    """See that a checked copy of the database from before the upgrade is there.

    Raises CommandError, and then the database is unchanged.
    """
    applied = schema.applied_migrations(connection)
    known = _read_upgrade_file(folder)
    if (
        known is not None
        and _is_copy_current(known, applied)
        and _is_copy_intact(folder, known)
    ):
        print_line(
            "Continuing an interrupted upgrade. The copy of the database from before "
            f"the upgrade is {_copies_folder(folder) / known.copy.name}."
        )
        return
    print_line("Copying the database before the upgrade …")
    upgrade = _as_command_error(folder, lambda: _create_copy(folder, applied, planned))
    _write_upgrade_file(folder, upgrade)
    if known is not None and list(known.applied) == applied:
        # The same schema with older data: the new copy is in its place.
        (_copies_folder(folder) / known.copy.name).unlink(missing_ok=True)
    print_line(f"Copied the database to {_copies_folder(folder) / upgrade.copy.name}.")


def finish_upgrade(folder: Path) -> None:
    """All migrations are applied: its copy is now one of the finished upgrades'."""
    file = _upgrade_file(folder)
    if not file.exists():
        return
    file.unlink()
    sync_folder(file.parent)
    for old in complete_copies(folder)[:-MAX_COPIES]:
        old.unlink(missing_ok=True)


def complete_copies(folder: Path) -> list[Path]:
    """Oldest first; `studio-` is how earlier versions named them."""
    found = [
        path
        for path in _copies_folder(folder).glob("*")
        if path.name.startswith(("before-", "studio-"))
        and path.suffix in COPY_SUFFIXES.values()
    ]
    return sorted(found, key=lambda path: (path.stat().st_mtime, path.name))


def _copies_folder(folder: Path) -> Path:
    return folder / "backups"


def _upgrade_file(folder: Path) -> Path:
    return _copies_folder(folder) / "upgrade.json"


def _is_copy_current(known: Upgrade, applied: list[str]) -> bool:
    """Whether its copy is what the database was when this upgrade began."""
    if known.identity != identity.read_database_identity():
        return False
    before, now = set(known.applied), set(applied)
    if before == now:
        # Nothing was changed yet, but an older version may have served since.
        return known.moment == database_change_token()
    return before < now and now - before <= set(known.planned)


def database_change_token() -> str:
    """Another text after each write to the database, as far as can be seen cheaply."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text")
            return str(cursor.fetchone()[0])
    name = str(connection.settings_dict["NAME"])
    found = [p.stat() for p in (Path(name), Path(f"{name}-wal")) if p.exists()]
    # Opening a database creates an empty WAL, which is no change.
    return " ".join(f"{one.st_size}/{one.st_mtime_ns}" for one in found if one.st_size)


def _is_copy_intact(folder: Path, known: Upgrade) -> bool:
    path = _copies_folder(folder) / known.copy.name
    return path.is_file() and describe_file(path) == known.copy


def _as_command_error(folder: Path, work: Callable[[], Upgrade]) -> Upgrade:
    try:
        return work()
    except COPY_ERRORS as error:
        raise CommandError(
            f"The database could not be copied to {_copies_folder(folder)}, so it was "
            f"not upgraded: {str(error).strip()}. Free some space or check the folder, "
            "then start again."
        ) from error


def _create_copy(folder: Path, applied: list[str], planned: list[str]) -> Upgrade:
    copies = _copies_folder(folder)
    copies.mkdir(mode=0o700, exist_ok=True)
    # A copy that failed on a full disk can leave its journal too.
    for left in copies.glob("*.partial*"):
        left.unlink()
    kind = upgrade_copy_kind()
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    last = planned[-1].replace(".", "-")
    target = _unused_path(copies / f"before-{last}-{stamp}{COPY_SUFFIXES[kind]}")
    temporary = target.with_name(f"{target.name}.partial")
    try:
        write_upgrade_copy(temporary, kind)
        temporary.replace(target)
    except BaseException:
        for left in copies.glob(f"{temporary.name}*"):
            left.unlink(missing_ok=True)
        raise
    sync_folder(copies)
    return Upgrade(
        identity=identity.read_database_identity(),
        kind=kind,
        copy=describe_file(target),
        applied=tuple(applied),
        planned=tuple(planned),
        moment=database_change_token(),
    )


def _unused_path(path: Path) -> Path:
    number = 1
    found = path
    while found.exists():
        number += 1
        found = path.with_stem(f"{path.stem}-{number}")
    return found


def _write_upgrade_file(folder: Path, upgrade: Upgrade) -> None:
    write_private(_upgrade_file(folder), json.dumps(asdict(upgrade), indent=1) + "\n")
    sync_folder(_copies_folder(folder))


def _read_upgrade_file(folder: Path) -> Upgrade | None:
    """The upgrade under way; None also where its file cannot be read."""
    try:
        found = json.loads(_upgrade_file(folder).read_text())
        found["copy"] = StoredFile(**found["copy"])
        found["applied"] = tuple(found["applied"])
        found["planned"] = tuple(found["planned"])
        return Upgrade(**found)
    except (OSError, ValueError, KeyError, TypeError):
        return None
