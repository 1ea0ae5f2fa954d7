"""How long a backup, its check, its restore and a move take."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from runs.actions.account.accounts import ensure_user
from runs.actions.actor import SERVER, Actor
from runs.actions.files.files import save_file
from runs.models import Run, now_ms
from tests.bench.report import Report
from tests.parts.clients import ROOT
from tests.parts.postgres import binaries, cluster, fresh_database

MB = 1_000_000
#: Between two backups.
ADDED = 20


def measure(home: Path, report: Report, *, files: int, megabytes: int) -> None:
    """Over a home that `seed` made; it gets the files."""
    size = megabytes * MB // files
    seconds = add_files(files, size)
    report.add(f"{files:,} files of {size / MB:.2f} MB uploaded", seconds=seconds)
    with tempfile.TemporaryDirectory(prefix="studio-bench-", dir=home.parent) as name:
        folder = Path(name)
        back_up(home, folder, {}, report, size)
        restore(folder, folder / "restored", {}, report)
        programs = binaries()
        if programs is None:
            return
        with cluster(programs) as address:
            over_postgresql(folder, address, report, size)


def back_up(
    home: Path, folder: Path, env: Mapping[str, str], report: Report, size: int
) -> None:
    backups = str(folder / "backups")
    kind = "PostgreSQL" if env else "SQLite"
    run(home, env, report, f"{kind}: first backup", "backup", backups)
    if not env:
        add_files(ADDED, size)
        name = f"{kind}: next backup, {ADDED} new files"
        run(home, env, report, name, "backup", backups)
    run(home, env, report, f"{kind}: verify", "verify")
    run(home, env, report, f"{kind}: verify --full", "verify", "--full")


def restore(folder: Path, target: Path, env: Mapping[str, str], report: Report) -> None:
    target.mkdir()
    kind = "PostgreSQL" if env else "SQLite"
    words = ("restore", str(folder / "backups"))
    run(target, env, report, f"{kind}: restore", *words)


def over_postgresql(folder: Path, address: str, report: Report, size: int) -> None:
    """What was restored moves there, and is backed up and restored again."""
    env = {"DATABASE_URL": fresh_database(address)}
    run(folder / "restored", {}, report, "move to PostgreSQL", "move-to", *env.values())
    shutil.rmtree(folder / "backups")
    back_up(folder / "restored", folder, env, report, size)
    other = {"DATABASE_URL": fresh_database(address)}
    restore(folder, folder / "again", other, report)


def run(
    home: Path, env: Mapping[str, str], report: Report, name: str, *words: str
) -> None:
    begin = time.monotonic()
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *words],
        env={**os.environ, **env, "STUDIO_HOME": str(home)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.monotonic() - begin
    if done.returncode:
        raise SystemExit(f"{name} failed: {done.stderr}")
    report.add(name, seconds=round(seconds, 1))
    report.notes.append(done.stdout.strip().splitlines()[-1])


def add_files(count: int, size: int) -> float:
    """To the newest runs, by the product's own action; returns the seconds."""
    begin, chance = time.monotonic(), random.Random(count)
    actor = Actor(ensure_user("bench", actor=SERVER, now=now_ms()))
    runs = list(Run.objects.order_by("-pk")[:100])
    for number in range(count):
        save_file(
            runs[number % len(runs)],
            f"models/{now_ms()}-{number}.bin",
            [chance.randbytes(size)],
            actor=actor,
            now=now_ms(),
            limit=10 * size,
        )
    return round(time.monotonic() - begin, 1)
