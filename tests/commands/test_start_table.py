"""Every home with every database: what starts, what is refused, and no file is lost."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.commands.start_scenarios import (
    Database,
    copy_home,
    fill,
    forget_identity,
    make_foreign,
    make_newer,
    stored,
)
from tests.parts.manage import manage
from tests.parts.postgres import fresh_database
from tests.parts.server import Server, copy_built_files, start
from tests.parts.waiting import becomes

STARTS, STARTS_WITH_WORKER = "starts", "starts, and its worker looks at its tasks"
SMALL = {"STUDIO_PROCESSES": "1"}
NO_WORKER = "--no-worker"
#: What a refusal says, by the state of the database and then of the home.
SAME, EMPTY, EARLIER = "same", "empty", "of an earlier version"
ADOPT = "--adopt"
EXPECTED = {
    ("same", SAME): STARTS,
    ("same", EMPTY): "the folder stores no files",
    ("same", EARLIER): STARTS,
    ("emptied", SAME): "stores 5 files, but the database",
    ("emptied", EMPTY): STARTS,
    ("emptied", EARLIER): "stores 5 files, but the database",
    ("another home's", SAME): "their identities differ",
    ("another home's", EMPTY): "the folder stores no files",
    ("another home's", EARLIER): "knows 0 of the 5 newest stored files",
    ("older copy", SAME): STARTS_WITH_WORKER,
    ("older copy", EMPTY): "the folder stores no files",
    ("older copy", EARLIER): STARTS,
    ("newer schema", SAME): "created by a newer version",
    ("newer schema", EMPTY): "the folder stores no files",
    ("newer schema", EARLIER): "created by a newer version",
    ("in use", SAME): "nother",
    ("in use", EMPTY): "nother",
    ("in use", EARLIER): "nother",
}
#: Each refusal names one of these next steps.
WAYS = ("--adopt", "Install that version", "Stop it first", "Stop that server")


@dataclass(frozen=True)
class World:
    """A home with five stored files, its database, and an older copy that knows three.

    `live` is a server over a copy of the home. `undone` has what an earlier version
    would have left of a database.
    """

    home: Path
    database: Database
    older: Database
    live: Server
    live_database: Database
    undone: dict[Database, Database] = field(default_factory=dict)

    def of_an_earlier_version(self, database: Database) -> Database:
        if database not in self.undone:
            number = len(self.undone)
            folder = self.live.home.with_name(f"{self.live.home.name}-undone-{number}")
            folder.mkdir()
            copy_home(self.home, folder)
            self.undone[database] = database.copy(folder)
            forget_identity(folder, self.undone[database])
        return self.undone[database]


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    home = tmp_path_factory.mktemp("home")
    database = Database(str(home / "studio.sqlite3"))
    if request.param == "postgres":
        address = fresh_database(request.getfixturevalue("postgres"))
        database = Database(address)
    fill(home, database, files=3)
    older = database.copy(tmp_path_factory.mktemp("older"))
    fill(home, database, files=2)
    assert len(stored(home)) == 5
    other = tmp_path_factory.mktemp("live")
    copy_home(home, other)
    copy_built_files(other)
    used = database.copy(other)
    live = start(other, env={**used.env, **SMALL}, words=[NO_WORKER])
    try:
        yield World(home, database, older, live, used)
    finally:
        live.stop()


def home_of(world: World, state: str, target: Path) -> None:
    target.mkdir()
    copy_built_files(target)
    if state != EMPTY:
        copy_home(world.home, target)
    if state == EARLIER:
        forget_identity(target)


def database_of(
    world: World, state: str, home: Path, home_state: str = SAME
) -> Database:
    if state == "in use":
        if not world.live_database.is_postgres:
            (home / "studio.sqlite3").symlink_to(world.live_database.place)
        return world.live_database
    if state == "emptied":
        return emptied(world, home)
    source = world.older if state == "older copy" else world.database
    is_earlier = home_state == EARLIER
    made = (world.of_an_earlier_version(source) if is_earlier else source).copy(home)
    if state == "another home's":
        make_foreign(made, has_identity=not is_earlier)
    if state == "newer schema":
        make_newer(made)
    return made


def emptied(world: World, home: Path) -> Database:
    if world.database.is_postgres:
        name = world.database.place.rpartition("/")[2].partition("?")[0]
        maintenance = world.database.place.replace(f"/{name}?", "/postgres?")
        return Database(fresh_database(maintenance))
    (home / "studio.sqlite3").touch()
    return Database(str(home / "studio.sqlite3"))


@pytest.mark.sample(6)
@pytest.mark.parametrize(("state", "home_state"), EXPECTED)
def test_a_start_never_loses_a_file(
    world: World, state: str, home_state: str, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home_of(world, home_state, home)
    database = database_of(world, state, home, home_state)
    before = {name: path.read_bytes() for name, path in stored(home).items()}
    expected = EXPECTED[state, home_state]
    if expected == STARTS_WITH_WORKER:
        work_once(home, database)
    elif expected == STARTS:
        server = start(home, env={**database.env, **SMALL}, words=[NO_WORKER])
        assert server.stop() == 0
        assert (home / "identity").read_text().strip() == identity_in(database)
    else:
        refused(home, database, expected)
    assert {n: p.read_bytes() for n, p in stored(home).items()} == before
    assert len(stored(world.live.home)) == 5


def work_once(home: Path, database: Database) -> None:
    """Start, and wait until the worker has looked at all of its tasks."""
    server = start(home, env={**database.env, **SMALL})
    try:
        sql = "SELECT 1 FROM runs_studioidentity WHERE last_seen IS NOT NULL"
        assert becomes(lambda: database.execute(sql) == [(1,)])
    finally:
        server.stop()


def identity_in(database: Database) -> str:
    [row] = database.execute("SELECT identity FROM runs_studioidentity")
    return str(row[0])


def refused(home: Path, database: Database, expected: str) -> None:
    known = {path.name for path in home.iterdir()}
    done = manage(home, "studio", "--port=0", env=database.env)
    assert (done.returncode, done.stdout) == (1, "")
    *said, refusal = done.stderr.splitlines()
    assert [line for line in said if not line.startswith("Preparing")] == []
    assert refusal.startswith("CommandError: ")
    assert expected in refusal
    assert any(way in refusal for way in WAYS), refusal
    # Neither an identity nor a token is written, nor is a database begun.
    new = {path.name for path in home.iterdir()} - known
    assert new <= {"lock", "secret_key", "studio.sqlite3-wal", "studio.sqlite3-shm"}


def test_a_refused_start_keeps_the_token_of_the_running_server(
    world: World, tmp_path: Path
) -> None:
    home_of(world, EMPTY, tmp_path / "home")
    database = database_of(world, "in use", tmp_path / "home")
    refused(tmp_path / "home", database, "nother")
    sql = "SELECT count(*) FROM runs_apitoken WHERE revoked IS NOT NULL"
    assert world.live_database.execute(sql) == [(0,)]


def test_adopting_pairs_home_and_database_and_refuses_the_old_home(
    world: World, tmp_path: Path
) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    home_of(world, SAME, old)
    home_of(world, SAME, new)
    (new / "identity").write_text("d" * 32)
    database = database_of(world, "same", old)
    if not database.is_postgres:
        shutil.copy(old / "studio.sqlite3", new / "studio.sqlite3")
    adopted = database if database.is_postgres else Database(f"{new}/studio.sqlite3")
    refused(new, adopted, "their identities differ")
    done = manage(new, "studio", "--port=0", "--check", "--adopt", env=adopted.env)
    assert (done.returncode, done.stderr) == (0, "")
    assert "a new identity to both" in done.stdout
    env = {**adopted.env, **SMALL}
    server = start(new, env=env, words=[ADOPT, NO_WORKER])
    assert server.stop() == 0
    assert len(stored(new)) == 5
    if database.is_postgres:
        refused(old, database, "their identities differ")
    checked = manage(new, "studio", "--port=0", "--check", env=adopted.env)
    assert checked.stdout.startswith(f"Ready to start: {new} with ")
