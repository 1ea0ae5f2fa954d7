"""The data tests once more, on PostgreSQL: the same files in a second pytest."""

import os
import subprocess
import sys
from pathlib import Path

from tests.parts.postgres import fresh_database

#: Rooms whose tests touch the database; the rest has nothing that could differ.
ROOMS = ("models", "storage", "search", "actions", "access", "api", "pages")
#: And of a room whose other tests start servers of their own.
FILES = tuple(
    f"delivery/test_{name}.py"
    for name in ("rows", "log_appends", "writers", "snapshots")
)


def test_the_data_tests_pass_on_postgresql(postgres: str) -> None:
    here = Path(__file__).parent
    rooms = [str(here / room) for room in (*ROOMS, *FILES) if (here / room).exists()]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--quiet", "-p", "no:cacheprovider", *rooms],
        env={**os.environ, "DATABASE_URL": fresh_database(postgres)},
        cwd=here.parent,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    print("On PostgreSQL:", done.stdout[-300:])
    assert done.returncode == 0, f"{done.stdout[-20_000:]}\n{done.stderr[-4000:]}"
