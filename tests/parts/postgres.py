"""A throw-away PostgreSQL cluster from the installed binaries, on a socket only.

`python -m tests.parts.postgres COMMAND …` runs a command with one, with its address
in STUDIO_TEST_POSTGRES, and stops it afterwards.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg
import pytest

from tests.parts.needs import missing

ADDRESS = "STUDIO_TEST_POSTGRES"
PREFIX = "studio-pg-"
#: A file with the pid of the test run that uses the cluster.
OWNER_NAME = "owner"
#: Columns, indexes, constraints and triggers of a database, as comparable rows.
SCHEMA = """
SELECT concat(table_name, ' ', column_name, ' ', data_type, is_nullable, column_default)
FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT conrelid::regclass::text || conname::text || pg_get_constraintdef(oid)
FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT tgname::text || tgenabled::text FROM pg_trigger WHERE NOT tgisinternal
ORDER BY 1
"""
_numbers = count(1)


def binaries() -> Path | None:
    """The folder of the newest installed `initdb`, if there is any."""
    places = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = sorted(places, key=lambda path: float(path.parts[-3]), reverse=True)
    plain = shutil.which("initdb")
    found = newest[0] if newest else Path(plain) if plain else None
    return found.parent if found else None


def account() -> tuple[int, int]:
    """User and group that PostgreSQL runs as: it refuses to run as root."""
    if os.geteuid() != 0:
        return os.geteuid(), os.getegid()
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = names.get("postgres") or names["nobody"]
    return entry.pw_uid, entry.pw_gid


@contextmanager
def cluster(programs: Path) -> Iterator[str]:
    """Start a cluster in a temporary folder, and yield its address."""
    end_abandoned_clusters()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir="/tmp"))
    os.chown(folder, *account())
    (folder / OWNER_NAME).write_text(f"{os.getpid()}\n")
    try:
        with serve_cluster(programs, folder, is_kept=False) as address:
            yield address
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def serve_cluster(programs: Path, folder: Path, *, is_kept: bool) -> Iterator[str]:
    """Run the cluster of a folder during a block, and create it if it is new.

    Without `is_kept` it never flushes to the disk, which is faster.
    """
    user, group = account()

    def call(program: str, *words: str) -> None:
        subprocess.run(
            [programs / program, "--pgdata", folder / "data", *words],
            check=True,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            user=user if os.geteuid() == 0 else None,
            group=group if os.geteuid() == 0 else None,
            extra_groups=[] if os.geteuid() == 0 else None,
        )

    if not (folder / "data").exists():
        make = ["--username", "studio", "--auth", "trust", "--encoding", "UTF8"]
        call(
            "initdb", *make, "--locale", "C.UTF-8", *([] if is_kept else ["--no-sync"])
        )
    options = f"-k {folder} -c listen_addresses="
    options += "" if is_kept else " -c fsync=off"
    log = str(folder / "log")
    call("pg_ctl", "--wait", "--log", log, "--options", options, "start")
    try:
        yield f"postgres://studio@/postgres?host={quote(str(folder), safe='')}"
    finally:
        mode = "fast" if is_kept else "immediate"
        call("pg_ctl", "--wait", "--mode", mode, "stop")


def end_abandoned_clusters() -> None:
    """End the clusters of test runs that were killed, by the pids in their folders."""
    for folder in Path("/tmp").glob(f"{PREFIX}*"):
        owner = read_pid(folder / OWNER_NAME)
        if owner is None or psutil.pid_exists(owner):
            continue
        server = read_pid(folder / "data/postmaster.pid")
        with contextlib.suppress(psutil.NoSuchProcess):
            # Another process can have got the pid since.
            if server and str(folder) in " ".join(psutil.Process(server).cmdline()):
                process = psutil.Process(server)
                # SIGQUIT is PostgreSQL's immediate shutdown.
                process.send_signal(signal.SIGQUIT)
                process.wait(timeout=30)
        shutil.rmtree(folder, ignore_errors=True)


def read_pid(path: Path) -> int | None:
    """Return the number in the first line of a file; None without one."""
    try:
        return int(path.read_text().splitlines()[0])
    except (OSError, ValueError, IndexError):
        return None


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a running cluster, as DATABASE_URL takes it."""
    given = os.environ.get(ADDRESS)
    if given:
        yield given
        return
    programs = binaries()
    if programs is None:
        missing("PostgreSQL", "Install it: apt-get install postgresql")
    with cluster(programs) as address:
        yield address


def fresh_database(address: str) -> str:
    """Makes an empty database in the cluster and returns its address."""
    name = f"studio_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return address.replace("/postgres?", f"/{name}?")


def environment_with(address: str) -> str:
    """Makes another empty database in the cluster of `address`."""
    before, _, host = address.partition("?")
    return fresh_database(f"{before.rpartition('/')[0]}/postgres?{host}")


def main(command: list[str]) -> int:
    programs = binaries()
    if programs is None:
        print("No PostgreSQL here: apt-get install postgresql", file=sys.stderr)
        return 1
    with cluster(programs) as address:
        done = subprocess.run(
            command, check=False, env={**os.environ, ADDRESS: address}
        )
        if done.returncode:
            print(f"Ended with status {done.returncode}: {command}", file=sys.stderr)
        return done.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
