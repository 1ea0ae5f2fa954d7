"""The identity that a home folder and its database share.

`runs.management.identity_check` decides what a start does if they differ.
"""

from __future__ import annotations

import re
from pathlib import Path

from django.core.management.base import CommandError
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

from runs.models import StudioIdentity, now_ms
from studio.core.private_files import sync_folder, write_private

_IDENTITY = re.compile(r"[0-9a-f]{32}")


def identity_file(folder: Path) -> Path:
    return folder / "identity"


def read_home_identity(folder: Path) -> str:
    """The folder's identity; empty where it has none."""
    return read_identity_file(identity_file(folder))


def read_identity_file(path: Path) -> str:
    try:
        text = path.read_text().strip()
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        raise CommandError(f"{path} cannot be read: {error}") from error
    if not _IDENTITY.fullmatch(text):
        raise CommandError(
            f"{path} must contain 32 hexadecimal digits. Restore it from a backup, or "
            "delete it: the next start then compares the stored files with the "
            "database."
        )
    return text


def read_database_identity(using: BaseDatabaseWrapper = connection) -> str:
    """The database's identity; empty where the table or its row is missing."""
    table = StudioIdentity._meta.db_table
    with using.cursor() as cursor:
        if table not in using.introspection.table_names(cursor):
            return ""
        cursor.execute(f"SELECT identity FROM {table}")
        row = cursor.fetchone()
    return str(row[0]).strip() if row else ""


def write_home_identity(folder: Path, value: str) -> None:
    write_private(identity_file(folder), f"{value}\n")
    sync_folder(folder)


def write_database_identity(value: str) -> None:
    """Raises DatabaseError; what the worker noted of the clock stays."""
    StudioIdentity.objects.update_or_create(
        id=1,
        defaults={"identity": value},
        create_defaults={"identity": value, "created": now_ms()},
    )
