"""One running server over a PostgreSQL database, whatever happens to its connection."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from runs.management.server_lock import ADVISORY_LOCK, MAX_NAME_BYTES, session_name
from tests.parts.manage import manage
from tests.parts.postgres import fresh_database
from tests.parts.server import Server, copy_built_files, start
from tests.parts.waiting import becomes

HOLDER = (
    "SELECT l.pid FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
    " WHERE l.locktype = 'advisory' AND l.granted AND d.datname = current_database()"
)

END_CONNECTION = """
CREATE FUNCTION end_connection() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$;
CREATE TRIGGER end_connection BEFORE INSERT ON runs_signinlink
FOR EACH ROW EXECUTE FUNCTION end_connection();
"""


@pytest.fixture
def session(postgres: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(fresh_database(postgres), autocommit=True) as connected:
        yield connected


@pytest.fixture
def database(session: psycopg.Connection, postgres: str) -> str:
    return postgres.replace("/postgres?", f"/{session.info.dbname}?")


def launch(home: Path, database: str) -> Server:
    copy_built_files(home)
    env = {"DATABASE_URL": database, "STUDIO_PROCESSES": "1"}
    return start(home, env=env, words=["--no-worker"])


def holders(session: psycopg.Connection) -> list[int]:
    """The sessions that hold the lock: one at most."""
    return [row[0] for row in session.execute(HOLDER)]


def test_a_server_stops_when_another_one_takes_its_database(
    tmp_path: Path, session: psycopg.Connection, database: str
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    server = launch(first, database)
    try:
        refused = manage(
            second, "studio", "--port=0", "--check", env={"DATABASE_URL": database}
        )
        assert refused.returncode == 1
        assert "in use by another running server" in refused.stderr
        assert "/first on " in refused.stderr
        # As where PostgreSQL was restarted: the server takes its lock again.
        [before] = holders(session)
        session.execute("SELECT pg_terminate_backend(%s)", (before,))
        assert becomes(lambda: holders(session) not in ([], [before]))
    finally:
        server.kill()
    # A server that was killed can start again at once.
    again = launch(first, database)
    try:
        assert again.token == server.token
        [own] = holders(session)
        session.execute("SELECT pg_terminate_backend(%s)", (own,))
        session.execute("SELECT pg_advisory_lock(%s, %s)", ADVISORY_LOCK)
        assert again.process.wait(60) == 1
    finally:
        again.kill()


def test_a_start_that_loses_its_database_ends_with_a_sentence(
    tmp_path: Path, session: psycopg.Connection, database: str
) -> None:
    server = launch(tmp_path, database)
    assert server.stop() == 0
    # The connection ends when the server stores its sign-in link.
    session.execute(END_CONNECTION)
    env = {"DATABASE_URL": database, "STUDIO_PROCESSES": "1"}
    ended = manage(tmp_path, "studio", "--port=0", "--no-worker", env=env)
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    *_before, last = ended.stderr.strip().splitlines()
    assert f"/{session.info.dbname} was lost: " in last
    assert last.endswith("Start the server again when the database can be reached.")


@pytest.mark.parametrize("folder", ["/a", f"/{'long/' * 40}end", "/ünïcode/数"])
def test_the_connection_name_is_short_enough_and_ends_with_the_folder(
    folder: str,
) -> None:
    name = session_name(Path(folder))
    assert len(name.encode()) <= MAX_NAME_BYTES
    assert name.startswith("studio-")
    assert folder.encode("ascii", "replace").decode()[-4:] in name
    assert session_name(Path(folder)) != name
