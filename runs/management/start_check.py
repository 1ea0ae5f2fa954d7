"""`manage.py studio --check`: whether a start would work, without changing anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.db import DatabaseError, connection

from runs.management import home, identity_check, server_lock
from runs.management.address import reserve_port
from runs.management.backup import refuse_partial_restore
from runs.management.database import refuse_locked, refuse_newer_schema
from runs.management.move_record import refuse_moved
from runs.management.read_only_database import (
    describe_database,
    error_in_one_line,
    read_only,
)


def check_start(folder: Path, options: dict[str, Any]) -> str:
    """One line for the operator; raises CommandError with the start's refusal."""
    if home.is_served(folder):
        raise CommandError(f"A server is already using {folder}.")
    server_lock.lock_external_sqlite_folder(folder, only_check=True)
    address, keeper = reserve_port(options["host"], options["port"])
    keeper.close()
    lock = server_lock.create_server_lock(folder)
    if lock is not None:
        lock.acquire()
        lock.close()
    if not options["adopt"]:
        refuse_moved(folder)
    refuse_partial_restore(folder)
    found = identity_check.collect_evidence(folder)
    step = (
        identity_check.IdentityStep.BOTH
        if options["adopt"]
        else identity_check.choose_identity_step(found)
    )
    check_schema()
    text = f"Ready to start: {folder} with {describe_database()} at {address.url}"
    if step is identity_check.IdentityStep.NOTHING:
        return f"{text}."
    return f"{text}; the start writes {step.value}."


def check_schema() -> None:
    with read_only() as using:
        if using is None:
            return
    try:
        refuse_locked()
        refuse_newer_schema()
    except DatabaseError as error:
        raise CommandError(
            f"The database cannot be used: {error_in_one_line(error)}"
        ) from error
    finally:
        connection.close()
