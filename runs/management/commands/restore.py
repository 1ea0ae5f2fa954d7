"""`manage.py restore PATH`: a backup into an empty home and database."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from runs.management import home
from runs.management.backup import Progress, check_restore, restore_backup, size_text


class Command(BaseCommand):
    help = "Restore a backup into an empty home folder and an empty database."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path, help="the backup folder")
        parser.add_argument(
            "--at", metavar="STAMP", help="which backup (default: the newest)"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        check_restore(options["path"], options["at"])
        home.prepare_folder(settings.STUDIO_HOME)
        home.lock_folder(settings.STUDIO_HOME, as_server=False)
        begin, progress = time.monotonic(), Progress()
        try:
            restored = restore_backup(options["path"], options["at"], progress)
        finally:
            progress.end()
        found = restored.manifest
        self.stdout.write(
            f"Restored backup {found.stamp} into {settings.STUDIO_HOME}: the database "
            f"({size_text(found.database.size)}) and "
            f"{len(found.blobs) - len(restored.lost):,} files "
            f"({size_text(found.size)}). Checked; {time.monotonic() - begin:.1f} s in "
            "total."
        )
        if lost := [*restored.lost, *found.missing, *found.damaged]:
            raise CommandError(
                f"{len(lost)} files are missing or damaged in the backup "
                f"({', '.join(lost[:5])}). Everything else is restored. To list them, "
                "run `manage.py verify`."
            )
