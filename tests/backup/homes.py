"""Homes with a little of everything, and what is in them as one comparable value."""

from __future__ import annotations

import contextlib
import json
import random
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from tests.parts.clients import ROOT, quiet_environment
from tests.parts.manage import run_script

#: An identity, runs with odd values, files, a log that has more bytes than its row.
FILL = """
import django; django.setup()
import io, math, zipfile
from django.conf import settings
from runs.actions.account import add_member, create_workspace, ensure_user
from runs.actions.actor import SERVER, Actor
from runs.actions.experiments import create_experiment
from runs.actions.files import save_file, save_snapshot
from runs.actions.ingest.points_and_params import Point, log_batch
from runs.actions.ingest import append_log
from runs.actions.run import create_run
from runs.management import database, identity_check
from runs.models import Role
from runs.storage.files import files

home, now = settings.STUDIO_HOME, 1_795_521_600_000
database.prepare_database(home, print)
identity_check.write_identities(home, identity_check.IdentityStep.BOTH)
workspace = create_workspace("default", actor=SERVER, now=now)
user = ensure_user("ada", actor=SERVER, now=now)
add_member(workspace, user, Role.OWNER, actor=SERVER, now=now)
actor = Actor(user)
who = {"actor": actor, "now": now}
experiment = create_experiment(workspace, "digits", **who)
for number in range(3):
    run = create_run(experiment, run_id=f"run-{number}", **who)
    values = [1.5, math.nan, math.inf, -math.inf, "text", True, None, 2**70, 0.1]
    points = [Point("odd", v, now + n, n) for n, v in enumerate(values)]
    points += [Point("long", n / 7, now, n) for n in range(2000)]
    params = {"text": "x" * 6000, "empty": "", "emoji": "\\U0001f600 \\u00e9"}
    log_batch(run, points, params, {"word": None, "tag": "\\u4e2d\\u6587"}, **who)
    for place in range(8):
        content = f"{number}-{place}".encode() * 20_000
        save_file(run, f"folder/f{place}", [content], limit=10**9, **who)
    lines = b"line of run %d\\n" % number * 50
    log, _ = append_log(run, "log.txt", 0, lines, writer="w", limit=10**6, **who)
    with files.open_to_append(log.blob) as grow:
        grow(log.size, b"an append without its row")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as written:
        written.writestr("train.py", f"print({number})")
    save_snapshot(run, [archive.getvalue()], **who)
(home / "client.json").write_text('{"url": "http://localhost", "token": "t"}')
"""

#: Digests of all tables, and of the bytes of all files.
CONTENT = """
import django; django.setup()
import hashlib, json
from django.conf import settings
from django.db import transaction
from runs.management.move.columns import all_tables
from runs.management.move.move import digests_of
from runs.models import File, Snapshot
from runs.storage.files import files

with transaction.atomic():
    tables = digests_of(all_tables(), lambda *_: None)
stored = {}
for model in (File, Snapshot):
    for blob, size in model.objects.values_list("blob", "size"):
        content = b"".join(files.read_chunks(blob, size))
        stored[blob] = hashlib.sha256(content).hexdigest()
names = ("identity", "secret_key", "client.json")
home = {name: (settings.STUDIO_HOME / name).read_text() for name in names}
print(json.dumps([tables, stored, home]))
"""


@dataclass(frozen=True)
class Home:
    """A home folder with the environment of its database."""

    path: Path
    env: dict[str, str] = field(default_factory=dict)

    @property
    def files(self) -> Path:
        return self.path / "files"

    def environment(self) -> dict[str, str]:
        return {
            **quiet_environment(),
            **self.env,
            "STUDIO_HOME": str(self.path),
            "DJANGO_SETTINGS_MODULE": "studio.settings.base",
        }

    def start(self, *words: str, limit: int | None = None) -> subprocess.Popen[str]:
        """`manage.py` with these words; `limit` is the largest file it may write."""
        shell = ["sh", "-c", f'ulimit -f {limit}; exec "$@"', "sh"] if limit else []
        return subprocess.Popen(
            [*shell, sys.executable, str(ROOT / "manage.py"), *words],
            env=self.environment(),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def manage(self, *words: str, limit: int | None = None) -> Done:
        process = self.start(*words, limit=limit)
        out, err = process.communicate(timeout=120)
        return Done(process.returncode, out, err)

    def succeed(self, *words: str) -> str:
        done = self.manage(*words)
        assert done.code == 0, done.err
        return done.out

    def python(self, script: str) -> str:
        done = run_script(self.path, script, env=self.env)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def content(self) -> Any:
        # Digests of two processes can be compared only if they hash with the same key.
        done = run_script(self.path, CONTENT, env={**self.env, "PYTHONHASHSEED": "1"})
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def stored(self) -> dict[str, bytes]:
        """The kept blobs by their names."""
        found = self.files.glob("[0-9a-f][0-9a-f]/*")
        return {path.name: path.read_bytes() for path in found}

    def blob(self, name: str) -> Path:
        return self.files / name[:2] / name


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def sentence(self) -> str:
        """What a refusal says; fails unless it is one line without a traceback."""
        assert self.code == 1, (self.code, self.out, self.err)
        lines = self.err.strip().splitlines()
        assert len(lines) == 1, self.err
        return lines[0]


def kill_at(
    start: Callable[[], subprocess.Popen[str]],
    max_seconds: float,
    chance: random.Random,
) -> None:
    """Start a process and kill it at a random moment, unless it ended before."""
    process = start()
    time.sleep(chance.uniform(0.0, max_seconds))
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)


def flip(path: Path) -> None:
    """Change one bit in the middle of a file."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def execute(home: Home, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """On a SQLite home, behind the program's back."""
    path = home.path / "studio.sqlite3"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        # An index is over it.
        connection.create_function("studio_lower", 1, str.lower, deterministic=True)
        found = connection.execute(sql, values).fetchall()
        connection.commit()
    return found


def clone_database(address: str, source: str, name: str) -> str:
    """A copy of a PostgreSQL database that is not in use; returns its address."""
    with psycopg.connect(address, autocommit=True) as connection:
        old = re.search(r"/(\w+)\?", source)
        assert old is not None
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {old[1]}".encode())
    return address.replace("/postgres?", f"/{name}?")
