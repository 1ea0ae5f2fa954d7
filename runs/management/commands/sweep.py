"""`manage.py sweep`: moves abandoned stored files to quarantine, as the worker does."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from runs.actions.expiry import expiry_paused
from runs.actions.files import plan_blob_sweep, run_blob_sweep
from runs.management.identity_check import refuse_foreign_database
from runs.management.read_only_database import error_in_one_line
from runs.management.unusable_home import refuse_unusable
from runs.models import now_ms

NOTHING_TEXT = "Nothing to move or delete."


class Command(BaseCommand):
    help = "Move unfinished uploads and deleted files to quarantine, once."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="only print what would be moved or deleted; change nothing",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        refuse_unusable(settings.STUDIO_HOME)
        refuse_foreign_database(settings.STUDIO_HOME)
        try:
            self.sweep(is_dry=options["dry_run"])
        except DatabaseError as error:
            raise CommandError(
                f"The database cannot be used: {error_in_one_line(error)}. Start "
                "`manage.py studio` first."
            ) from error
        except OSError as error:
            raise CommandError(f"The stored files cannot be moved: {error}") from error

    def sweep(self, *, is_dry: bool) -> None:
        now = now_ms()
        if is_dry:
            lines = plan_blob_sweep(now).lines()
            self.stdout.write("\n".join(lines) or NOTHING_TEXT)
        elif expiry_paused(now):
            raise CommandError(
                "The clock differs by more than a day from the newest time in the "
                "database, so nothing is moved for 24 hours. Check the clock."
            )
        else:
            self.move_and_delete(now)

    def move_and_delete(self, now: int) -> None:
        lines = []

        def print_line(line: str) -> None:
            lines.append(line)
            self.stdout.write(line)

        run_blob_sweep(now, print_line)
        if not lines:
            self.stdout.write(NOTHING_TEXT)
