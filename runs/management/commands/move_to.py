"""`manage.py move-to DATABASE_URL`: the home's data into another, empty database."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser

from runs.management import home, server_lock
from runs.management.backup import Progress
from runs.management.move import move_data
from runs.management.unusable_home import refuse_unusable
from runs.models import File, Run
from studio.settings import environment

SQLITE = "sqlite"


class Command(BaseCommand):
    help = "Move all data from the current database to an empty one."
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
        home.prepare_folder(folder)
        home.lock_folder(folder, as_server=False)
        refuse_unusable(folder)
        # On PostgreSQL, a server with another home folder can use the same database.
        source = server_lock.create_server_lock(folder)
        if source is not None:
            source.acquire()
        begin, progress = time.monotonic(), Progress()
        try:
            moved = move_data(
                target_settings(options["database_url"], folder), progress
            )
        finally:
            progress.end()
            if source is not None:
                source.close()
        for table, (rows, _content) in moved.digests.items():
            if rows:
                self.stdout.write(f"{table_label(table)}: {count_text(rows, 'row')}")
        self.stdout.write(
            f"Moved {count_text(moved.rows_of(Run), 'run')} and "
            f"{count_text(moved.rows_of(File), 'file')} "
            f"({count_text(moved.rows, 'row')} in total, identical in both databases) "
            f"to {moved.target} in "
            f"{time.monotonic() - begin:.1f} s. Stored files and the old database are "
            f"unchanged. {hint_for_next_start(options['database_url'])}"
        )


def table_label(table: str) -> str:
    """What its rows are, in words."""
    models = apps.get_models(include_auto_created=True)
    [name] = [m._meta.verbose_name for m in models if m._meta.db_table == table]
    return str(name).replace("-", " ").replace("_", " ").capitalize()


def count_text(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def target_settings(url: str, folder: Path) -> dict[str, Any]:
    if url == SQLITE:
        return environment.sqlite_settings(folder / "studio.sqlite3")
    try:
        return environment.postgres_settings(url)
    except ImproperlyConfigured as error:
        raise CommandError(str(error)) from error


def hint_for_next_start(url: str) -> str:
    if url == SQLITE:
        return "Unset DATABASE_URL, then start the server."
    return "Set DATABASE_URL to the new database, then start the server."
