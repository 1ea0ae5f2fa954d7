"""`manage.py verify`: every row has its bytes, every stored file its row."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from runs.management import home, identity, identity_check, schema, verify
from runs.management.backup import Progress, check_backups, refuse_empty_database


class Command(BaseCommand):
    help = "Check that the database and the stored files match."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--full",
            action="store_true",
            help="also read the content of all files and metrics",
        )
        parser.add_argument(
            "--repair",
            action="store_true",
            help="repair what can be repaired; unknown files stay where they are",
        )
        parser.add_argument(
            "--quarantine-unknown",
            action="store_true",
            help="with --repair: move stored files without a row in the database to "
            "quarantine, where they are deleted after a week",
        )
        parser.add_argument(
            "--backup",
            metavar="PATH",
            type=Path,
            help="check this backup folder instead; with --repair: restore lost files "
            "from it",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        home.set_private_umask()
        if options["quarantine_unknown"] and not options["repair"]:
            raise CommandError("--quarantine-unknown needs --repair.")
        if options["backup"] and not options["repair"]:
            self.check_backup(options["backup"], full=options["full"])
            return
        begin, progress = time.monotonic(), Progress()
        try:
            findings = self.collect_findings(options, progress)
        except (DatabaseError, OSError) as error:
            raise CommandError(f"The check failed: {str(error).strip()}") from error
        finally:
            progress.end()
        for line in verify.finding_lines(findings):
            self.stdout.write(line)
        left = verify.unrepaired_findings(findings)
        seconds = time.monotonic() - begin
        if not left:
            match = "The database and the stored files match"
            self.stdout.write(f"{match}; {seconds:.1f} s.")
        self.stdout.write(checked_summary(progress.totals, full=options["full"]))
        if left:
            raise CommandError(problems_summary(left, seconds))

    def check_backup(self, path: Path, *, full: bool) -> None:
        """Every complete backup in the folder, without the home's own data."""
        begin = time.monotonic()
        checked = check_backups(path, full=full)
        seconds = time.monotonic() - begin
        self.stdout.write(f"Complete backups in {path}: {checked}; {seconds:.1f} s.")

    def collect_findings(
        self, options: dict[str, Any], progress: Progress
    ) -> list[verify.Finding]:
        identity_check.refuse_foreign_database(settings.STUDIO_HOME)
        refuse_empty_database("verify")
        schema.refuse_unmigrated()
        if options["repair"]:
            refuse_unknown_home()
        full: bool = options["full"]
        found = list(verify.check_database(progress, full=full))
        of_files = list(verify.check_files(progress, full=full))
        if options["repair"]:
            found = verify.repair_triggers_and_counts(found)
            verify.finish_interrupted_uploads()
            of_files = verify.repair_files(
                of_files,
                options["backup"],
                quarantine_unknown=options["quarantine_unknown"],
            )
        return [*found, *of_files]


def refuse_unknown_home() -> None:
    """All files of another home would be unknown to this database."""
    if not identity.read_database_identity():
        raise CommandError(
            "This home and its database have no identity yet, so nothing was repaired. "
            "Start `manage.py studio` once, then run the command again."
        )


def checked_summary(totals: Mapping[str, int], *, full: bool) -> str:
    """What was read; `totals` are those of the phases that the checks report."""
    rows = totals.get(verify.ROWS, 0)
    there = totals.get(verify.STORED, 0)
    text = f"Checked: the database, {rows:,} file rows, {there:,} stored files"
    if not full:
        return f"{text} by size. To also check their content, use `--full`."
    hashed, chunks = totals.get(verify.BYTES, 0), totals.get(verify.POINTS, 0)
    return f"{text}, the content of {hashed:,} files, {chunks:,} metric chunks."


def problems_summary(left: list[verify.Finding], seconds: float) -> str:
    hint = (
        "`--repair` repairs what it can. Add `--backup PATH` to restore lost files, "
        "and `--quarantine-unknown` to move unknown files to quarantine."
    )
    return f"{len(left):,} problems are not repaired; {seconds:.1f} s. {hint}"
