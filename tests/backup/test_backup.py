"""Backups: whole, incremental, pruned, and never half."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest

from tests.backup.homes import Home, execute, flip, kill_at
from tests.parts.postgres import fresh_database

#: Each takes seconds: of all tests of backups, half run in each sample.


def stamps(backups: Path) -> list[str]:
    return sorted(path.parent.name for path in backups.glob("*/manifest.json"))


def objects(backups: Path) -> set[str]:
    return {path.name for path in backups.glob("objects/[0-9a-f][0-9a-f]/*")}


def test_a_backup_of_sqlite_restores_everything(
    home: Home, empty: Home, backups: Path
) -> None:
    home.succeed("backup", str(backups))
    empty.succeed("restore", str(backups))
    assert empty.content() == home.content()
    assert "match" in empty.succeed("verify", "--full")


@pytest.mark.parametrize("words", [[], ["--logical"]], ids=["pg_dump", "tables"])
def test_a_backup_of_postgresql_restores_everything(
    postgres_home: Home, postgres: str, tmp_path: Path, words: list[str]
) -> None:
    backups = tmp_path / "backups"
    postgres_home.succeed("backup", str(backups), *words)
    [database] = backups.glob("*/database.*")
    assert database.suffix == (".zip" if words else ".dump")
    other = Home(tmp_path / "other", {"DATABASE_URL": fresh_database(postgres)})
    other.succeed("restore", str(backups))
    assert other.content() == postgres_home.content()
    assert "match" in other.succeed("verify", "--full")


def test_a_second_backup_copies_only_new_files(home: Home, backups: Path) -> None:
    first = home.succeed("backup", str(backups))
    assert "30 files" in first
    assert ", 30 of them new" in first
    before = {path: path.stat().st_ino for path in backups.glob("objects/??/*")}
    second = home.succeed("backup", str(backups))
    assert ", 0 of them new" in second
    assert {path: path.stat().st_ino for path in backups.glob("objects/??/*")} == before
    assert len(stamps(backups)) == 2


def test_a_full_backup_replaces_a_damaged_object(
    home: Home, empty: Home, backups: Path
) -> None:
    home.succeed("backup", str(backups))
    damaged = max(backups.glob("objects/??/*"), key=lambda path: path.stat().st_size)
    flip(damaged)
    home.succeed("backup", str(backups), "--full")
    empty.succeed("restore", str(backups))
    assert empty.content() == home.content()


def test_keep_removes_old_backups_and_their_unused_objects(
    home: Home, empty: Home, backups: Path
) -> None:
    home.succeed("backup", str(backups))
    home.python(DROP_RUN)
    home.succeed("backup", str(backups))
    kept = stamps(backups)[-1]
    assert len(objects(backups)) == 30
    home.succeed("backup", str(backups), "--keep", "2")
    assert (len(stamps(backups)), stamps(backups)[0]) == (2, kept)
    assert len(objects(backups)) == 20
    empty.succeed("restore", str(backups), "--at", kept)
    assert empty.content() == home.content()


def test_a_clock_that_was_set_back_does_not_remove_the_new_backup(
    home: Home, backups: Path
) -> None:
    home.succeed("backup", str(backups))
    [stamp] = stamps(backups)
    (backups / stamp).rename(backups / "20991231-235959Z")
    home.succeed("backup", str(backups), "--keep", "1")
    assert stamps(backups) == ["21000101-000000Z"]


def test_a_log_with_the_same_size_but_other_content_is_copied_again(
    home: Home, empty: Home, backups: Path
) -> None:
    home.succeed("backup", str(backups))
    # As after a restore of an older backup, whose run then went on otherwise.
    [(blob, size)] = execute(home, f"{LOG} LIMIT 1")
    content = b"x" * size
    home.blob(blob).write_bytes(content)
    home.succeed("backup", str(backups))
    empty.succeed("restore", str(backups))
    assert empty.blob(blob).read_bytes() == content


LOG = "SELECT blob, size FROM runs_file WHERE sha256 = ''"

#: A run with ten files.
DROP_RUN = """
import django; django.setup()
from runs.actions.actor import SERVER
from runs.actions.files import delete_unused_snapshots
from runs.actions.run import purge_run, trash_run
from runs.models import Run
trash_run(Run.objects.get(run_id="run-0"), actor=SERVER, now=1_795_521_700_000)
purge_run(Run.objects.get(run_id="run-0"), actor=SERVER, now=1_795_521_800_000)
delete_unused_snapshots()
"""


def test_a_backup_killed_at_any_time_is_not_listed(
    home: Home, empty: Home, backups: Path
) -> None:
    home.succeed("backup", str(backups))
    [first] = stamps(backups)
    chance = random.Random(13)
    for _ in range(4):
        kill_at(lambda: home.start("backup", str(backups), "--full"), 0.8, chance)
        for stamp in stamps(backups):
            manifest = json.loads((backups / stamp / "manifest.json").read_text())
            assert manifest["database"]["size"] > 0
    home.succeed("backup", str(backups), "--full")
    assert not list(backups.glob("*.partial"))
    assert not list((backups / "objects/incoming").iterdir())
    empty.succeed("restore", str(backups), "--at", first)
    assert empty.content() == home.content()


def test_a_full_disk_stops_a_backup_with_one_message(home: Home, backups: Path) -> None:
    home.succeed("backup", str(backups))
    before = stamps(backups)
    # In blocks of 512 bytes: less than the database, more than a small file.
    sentence = home.manage("backup", str(backups), limit=200).sentence
    assert "failed" in sentence
    assert "earlier backups are unchanged" in sentence
    assert stamps(backups) == before
    assert not list(backups.glob("*.partial"))


def test_lost_and_damaged_files_are_reported_and_the_others_are_backed_up(
    home: Home, empty: Home, backups: Path
) -> None:
    missing, damaged = sorted(home.stored(), key=lambda n: len(home.stored()[n]))[-2:]
    home.blob(missing).unlink()
    flip(home.blob(damaged))
    done = home.manage("backup", str(backups))
    assert "1 missing, 1 damaged" in done.sentence
    assert missing in done.sentence
    assert "28 files" in done.out
    assert "2 files are missing" in empty.manage("restore", str(backups)).sentence
    assert len(empty.stored()) == 28


def test_a_folder_with_other_files_or_backups_of_another_home_is_refused(
    home: Home, backups: Path, tmp_path: Path
) -> None:
    inside = home.manage("backup", str(home.files / "backups")).sentence
    assert "inside the folder of stored files" in inside
    backups.mkdir()
    (backups / "letters.txt").write_text("Dear")
    assert "other files" in home.manage("backup", str(backups)).sentence
    (backups / "letters.txt").unlink()
    (home.path / "lock").touch()
    assert "other files" in home.manage("backup", str(home.path)).sentence
    home.succeed("backup", str(backups))
    other = Home(tmp_path / "other")
    shutil.copytree(home.path, other.path)
    other.python(f"{SETUP}; identity.write_database_identity('0' * 32)")
    assert "identities differ" in other.manage("backup", str(backups)).sentence
    (other.path / "identity").write_text("0" * 32)
    assert "another home" in other.manage("backup", str(backups)).sentence
    assert len(stamps(backups)) == 1


SETUP = "import django; django.setup(); from runs.management import identity"


def test_a_damaged_database_creates_no_backup_and_prints_one_message(
    home: Home, backups: Path
) -> None:
    path = home.path / "studio.sqlite3"
    # A header that counts more pages than anything uses.
    content = bytearray(path.read_bytes()) + bytes(4096 * 9)
    content[28:32] = (len(content) // 4096).to_bytes(4, "big")
    path.write_bytes(content)
    assert "never used" in home.manage("backup", str(backups)).sentence
    assert stamps(backups) == []
    assert "The database is damaged: 9" in home.manage("verify").out


def test_an_empty_home_is_not_backed_up(empty: Home, backups: Path) -> None:
    assert "nothing to back up" in empty.manage("backup", str(backups)).sentence
    assert not (empty.path / "studio.sqlite3").exists()
    assert not backups.exists()


def test_only_the_operator_can_read_a_backup(home: Home, backups: Path) -> None:
    home.succeed("backup", str(backups))
    for path in [backups, *backups.rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0, path
