"""`manage.py backup PATH`: a checked backup, also while the server serves."""

from __future__ import annotations

import time
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from runs.management import home, parent_watchdog
from runs.management.backup import (
    BackupOptions,
    CreatedBackup,
    Progress,
    create_backup,
    size_text,
)


class Command(BaseCommand):
    help = "Back up the database and the stored files, and check the backup."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path, help="the backup folder")
        parser.add_argument(
            "--keep",
            type=positive_integer,
            help="delete all but the newest KEEP backups",
        )
        parser.add_argument(
            "--full",
            action="store_true",
            help="also check the content of files that earlier backups contain",
        )
        parser.add_argument(
            "--logical",
            action="store_true",
            help="copy PostgreSQL's tables without pg_dump",
        )
        parser.add_argument(
            "--parent", type=int, help="stop when the process with this id ends"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        home.set_private_umask()
        if options["parent"]:
            parent_watchdog.end_with_parent(options["parent"])
        begin, progress = time.monotonic(), Progress()
        chosen = BackupOptions(options["full"], options["logical"], options["keep"])
        try:
            created = create_backup(options["path"], chosen, progress)
        finally:
            progress.end()
        seconds = time.monotonic() - begin
        self.stdout.write(backup_summary(created, options["path"], seconds))
        if not created.is_whole:
            raise CommandError(lost_files_text(created))


def positive_integer(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def backup_summary(created: CreatedBackup, path: Path, seconds: float) -> str:
    manifest = created.manifest
    deleted = f", {created.pruned} old backups deleted" if created.pruned else ""
    return (
        f"Created backup {manifest.stamp} in {path}: the database "
        f"({size_text(manifest.database.size)}) and {len(manifest.blobs):,} files "
        f"({size_text(manifest.size)}), {created.new_files:,} of them new "
        f"({size_text(created.new_bytes)}){deleted}. Checked; {seconds:.1f} s in total."
    )


def lost_files_text(created: CreatedBackup) -> str:
    """What this home had lost before; the backup holds all that is left."""
    manifest = created.manifest
    counts = f"{len(manifest.missing)} missing, {len(manifest.damaged)} damaged"
    names = ", ".join([*manifest.missing, *manifest.damaged][:5])
    return (
        "The backup is complete, except for stored files that this home itself has "
        f"lost: {counts} ({names}). To list them, run `manage.py verify`."
    )
