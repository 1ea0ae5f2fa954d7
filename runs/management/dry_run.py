"""`manage.py studio --check`: whether a start would work, without changing anything."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management.base import CommandError
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

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
from runs.management.static_files import static_sources_fingerprint
from runs.notify import MailConnection, TemporaryMailError


def try_start_without_changes(folder: Path, options: dict[str, Any]) -> str:
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
    migrations = check_schema()
    parts = [f"Ready to start: {folder} with {describe_database()} at {address.url}"]
    if step is not identity_check.IdentityStep.NOTHING:
        parts.append(f"the start writes {step.value}")
    parts.append(f"{migrations} migrations to apply")
    parts.append(f"{count_static_files()} static files")
    parts.append(check_mail_server())
    return "; ".join(parts) + "."


def check_mail_server() -> str:
    """Sign in to the mail server; raise CommandError if it refuses."""
    server = settings.MAIL_SERVER
    if server is None:
        return "no mail server"
    name = f"{server.host}:{server.port}"
    try:
        with closing(MailConnection()) as connection:
            connection.open()
    except TemporaryMailError as error:
        raise CommandError(
            f"EMAIL_URL: the mail server {name} cannot be used: {error}"
        ) from error
    return f"mails by {name}"


def count_static_files() -> int:
    """Count the files of pages; raise CommandError if some cannot be read."""
    try:
        static_sources_fingerprint()
        found = [path for finder in get_finders() for path, _ in finder.list([])]
    except OSError as error:
        raise CommandError(f"The static files cannot be read: {error}") from error
    if not found:
        raise CommandError(
            f"There are no static files in {settings.BASE_DIR / 'static'}. "
            "The checkout is incomplete."
        )
    return len(found)


def check_schema() -> int:
    """Return how many migrations a start would apply."""
    with read_only() as using:
        if using is None:
            return len(MigrationLoader(None).graph.nodes)
    try:
        refuse_locked()
        refuse_newer_schema()
        executor = MigrationExecutor(connection)
        return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    except DatabaseError as error:
        raise CommandError(
            f"The database cannot be used: {error_in_one_line(error)}"
        ) from error
    finally:
        connection.close()
