"""Today's code upgrades the database of every released version, every value kept."""

from __future__ import annotations

import json
import lzma
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.commands.test_database import prepare
from tests.parts.clients import ROOT
from tests.parts.postgres import fresh_database
from tests.parts.server import running
from tests.upgrades.answers import missing, read_answers
from tests.upgrades.migrations import digests
from tests.upgrades.rows import differences, read_postgres, read_sqlite

RELEASES = sorted(path.parent for path in Path(__file__).parent.glob("*/*.tar.xz"))
#: Tables and columns that a later migration drops on purpose, by its name.
DROPPED: dict[str, frozenset[str]] = {}


@dataclass
class Upgraded:
    """A copy of a stored home, and what was in it when it was stored."""

    home: Path
    before: dict[str, Any]
    address: str = ""
    env: dict[str, str] = field(default_factory=dict)

    def rows(self) -> Any:
        if self.address:
            return read_postgres(self.address)
        return read_sqlite(self.home / "studio.sqlite3")


@pytest.fixture(
    scope="module",
    params=[
        f"{release.name}-{kind}"
        for release in dict.fromkeys(RELEASES)
        for kind in ("sqlite", "postgres")
    ],
)
def upgraded(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Upgraded:
    version, _, kind = request.param.rpartition("-")
    folder = Path(__file__).parent / version
    home = tmp_path_factory.mktemp("home")
    with tarfile.open(folder / f"{kind}.tar.xz") as archive:
        archive.extractall(home, filter="data")
    with lzma.open(folder / f"{kind}.json.xz", "rt") as file:
        found = Upgraded(home, json.load(file))
    if kind == "postgres":
        found.address = fresh_database(request.getfixturevalue("postgres"))
        found.env = {"DATABASE_URL": found.address}
        with psycopg.connect(found.address) as connection:
            connection.execute((home / "dump.sql").read_bytes())
    return found


def test_every_row_is_kept(upgraded: Upgraded) -> None:
    done = prepare(upgraded.home, env=upgraded.env)
    assert done.returncode == 0, done.stderr
    dropped = frozenset[str]().union(*DROPPED.values())
    assert differences(upgraded.before["rows"], upgraded.rows(), dropped) == []


def test_every_response_and_file_is_kept(upgraded: Upgraded) -> None:
    with running(upgraded.home, env=upgraded.env) as server:
        assert missing(upgraded.before["answers"], read_answers(server)) == []


def test_released_migrations_are_not_edited() -> None:
    now = digests()
    for release in dict.fromkeys(RELEASES):
        then = json.loads((release / "migrations.json").read_text())
        edited = [name for name, digest in then.items() if now.get(name) != digest]
        assert edited == [], f"Released with {release.name}: add a migration instead."


def test_each_release_has_a_fixture_of_both_databases() -> None:
    stored = {path.name: path for path in RELEASES}
    for folder in stored.values():
        names = sorted(path.name for path in folder.glob("*.xz"))
        assert names == [
            *("postgres.json.xz", "postgres.tar.xz"),
            *("sqlite.json.xz", "sqlite.tar.xz"),
        ], folder
    assert stored, f"No release is stored below {ROOT / 'tests/upgrades'}"
