"""Records a small database of this version: `python -m tests.upgrades.record`.

Real clients log to a real server, over SQLite and over PostgreSQL. It stores the home
folder without its secrets, all rows, and the answers of the REST API. Clients log the
path of the checkout and the machine's name: run it where both may be known.
"""

from __future__ import annotations

import json
import lzma
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from studio import __version__
from tests.parts.clients import ROOT, quiet_environment
from tests.parts.postgres import binaries, cluster, fresh_database
from tests.parts.server import Server, running
from tests.parts.wire import Connection
from tests.sdk.user import SCRIPTS
from tests.upgrades.answers import read_answers
from tests.upgrades.migrations import digests
from tests.upgrades.rows import read_postgres, read_sqlite

FOLDER = Path(__file__).parent / __version__
#: Sections of the MLflow script that write what others do not, and stay small.
SECTIONS = (
    *("experiment_life", "parameters_metrics_tags", "histories", "run_tree"),
    *("resuming", "deleting", "artifacts", "datasets", "models"),
)
#: The files that a home needs, without the secrets of the recorder.
KEPT = ("identity", "studio.sqlite3", "files")


def record(kind: str, env: Mapping[str, str]) -> None:
    with tempfile.TemporaryDirectory(prefix="studio-") as folder:
        home = Path(folder, "home")
        with running(home, env=env) as server:
            log(server, Path(folder), env)
            answers = read_answers(server)
        address = env.get("DATABASE_URL", "")
        tables = read_postgres(address) if address else read_sqlite(database(home))
        empty = sorted(name for name, table in tables.items() if not table["rows"])
        print(f"{kind}: {len(tables)} tables; empty: {', '.join(empty) or 'none'}")
        if address:
            Path(home, "dump.sql").write_bytes(dump(address))
        FOLDER.mkdir(exist_ok=True)
        pack(home, FOLDER / f"{kind}.tar.xz")
        said = json.dumps({"rows": tables, "answers": answers}, sort_keys=True)
        with lzma.open(FOLDER / f"{kind}.json.xz", "wt", preset=9) as file:
            file.write(said)


def database(home: Path) -> Path:
    return home / "studio.sqlite3"


def log(server: Server, folder: Path, env: Mapping[str, str]) -> None:
    """All that clients write, then what only people do."""
    client = {**quiet_environment(), **server.environment, "HOME": str(folder)}
    client["PYTHONPATH"] = f"{client['PYTHONPATH']}:{ROOT}"
    client["STUDIO_SPOOL"] = str(folder / "spool")
    for name in ("every_call", "logging_api"):
        work = folder / name
        work.mkdir()
        call([str(SCRIPTS / f"{name}.py")], client, work)
    script = ["-m", "tests.e2e.client_script", *SECTIONS]
    call(script, client, ROOT)
    log_by_hand(server)
    settings = {"DJANGO_SETTINGS_MODULE": "studio.settings.base"}
    here = {**quiet_environment(), **env, **settings, "STUDIO_HOME": str(server.home)}
    call(["-m", "tests.upgrades.fill"], here, ROOT)


def log_by_hand(server: Server) -> None:
    """Log what the clients of the scripts do not send."""
    connection = Connection(server)
    run = connection.rest("POST", "/runs", {"id": "by-hand", "experiment": "hand"})
    points = [{"key": "m", "value": value, "step": value} for value in range(10)]
    nonfinite = [
        {"key": "odd", "value": value} for value in ("NaN", "-Infinity", 2**60)
    ]
    batch = {"writer": "hand", "sequence": 1, "points": points + nonfinite}
    connection.rest("POST", f"/runs/{run['id']}/metrics", batch)
    params = [{"key": "depth", "value": "3"}]
    model = {"experiment_id": "0", "name": "m", "source_run_id": run["id"]}
    made = connection.call("POST", "/logged-models", {**model, "params": params})
    point = {"key": "acc", "value": 0.5, "timestamp": 5, "step": 1}
    point["model_id"] = made["model"]["info"]["model_id"]
    body = {"run_id": run["id"], "metrics": [point]}
    connection.call("POST", "/runs/log-batch", body)


def call(words: list[str], env: Mapping[str, str], folder: Path) -> None:
    subprocess.run([sys.executable, *words], env=env, cwd=folder, check=True)


def dump(address: str) -> bytes:
    """SQL that any client can send: INSERTs, without the commands of psql."""
    programs = binaries()
    assert programs is not None
    done = subprocess.run(
        [
            *(programs / "pg_dump", "--no-owner", "--no-privileges"),
            *("--inserts", "--rows-per-insert=200", address),
        ],
        stdout=subprocess.PIPE,
        check=True,
    )
    lines = done.stdout.split(b"\n")
    return b"\n".join(line for line in lines if not line.startswith(b"\\"))


def pack(home: Path, target: Path) -> None:
    checkpoint(home)
    with tarfile.open(target, "w:xz", preset=9) as archive:
        for name in (*KEPT, "dump.sql"):
            if (home / name).exists():
                archive.add(home / name, name, filter=_plain)


def checkpoint(home: Path) -> None:
    """Bring what is still in the write-ahead log into the database file."""
    if database(home).exists():
        with closing(sqlite3.connect(database(home))) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


def main() -> None:
    if FOLDER.exists():
        sys.exit(f"{FOLDER} is there already; a released version is never changed.")
    programs = binaries()
    assert programs is not None, "PostgreSQL is missing: apt-get install postgresql"
    try:
        record("sqlite", {})
        text = json.dumps(digests(), indent=2)
        Path(FOLDER, "migrations.json").write_text(f"{text}\n")
        with cluster(programs) as address:
            record("postgres", {"DATABASE_URL": fresh_database(address)})
    except BaseException:
        shutil.rmtree(FOLDER, ignore_errors=True)
        raise


if __name__ == "__main__":
    main()
