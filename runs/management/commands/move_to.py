"""`manage.py move-to DATABASE_URL`: the home's data into another, empty database."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser

from runs.management import home, live_lock
from runs.management.backup.progress import Progress
from runs.management.move.move import move
from runs.management.ownership import refuse_foreign
from runs.management.unfinished import refuse_unfinished
from studio.settings import environment

SQLITE = "sqlite"


class Command(BaseCommand):
    help = "Moves all data of the present database to another, empty one."
    requires_system_checks = ()

    def create_parser(
        self, prog_name: str, subcommand: str, **kwargs: Any
    ) -> CommandParser:
        # The name that the documentation has; see manage.py.
        name = subcommand.replace("_", "-")
        return super().create_parser(prog_name, name, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "database_url",
            metavar="DATABASE_URL",
            help="postgres://…, or `sqlite` for the file in the home folder",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        folder: Path = settings.STUDIO_HOME
        home.prepare(folder)
        home.lock(folder)
        refuse_unfinished(folder)
        refuse_foreign(folder)
        source = live_lock.live_lock(folder)
        if source is not None:
            source.take()
        begin, progress = time.monotonic(), Progress()
        try:
            made = move(target_settings(options["database_url"], folder), progress)
        finally:
            progress.end()
            if source is not None:
                source.close()
        for table, (rows, _content) in made.digests.items():
            if rows:
                self.stdout.write(f"{table}: {rows:,} rows, the same in both")
        self.stdout.write(
            f"Moved {made.rows:,} rows to {made.target} in "
            f"{time.monotonic() - begin:.1f} s; the old database is unchanged. "
            f"{next_step(options['database_url'])}"
        )


def target_settings(url: str, folder: Path) -> dict[str, Any]:
    if url == SQLITE:
        return environment.sqlite(folder / "studio.sqlite3")
    try:
        return environment.postgres(url)
    except ImproperlyConfigured as error:
        raise CommandError(str(error)) from error


def next_step(url: str) -> str:
    if url == SQLITE:
        return "Unset DATABASE_URL, then start the server."
    return "Set DATABASE_URL to it, then start the server."
