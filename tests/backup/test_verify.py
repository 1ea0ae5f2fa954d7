"""Verify: rows and bytes in both directions, and repairs that delete nothing."""

from __future__ import annotations

from pathlib import Path

from tests.backup.homes import Home, execute, flip

UNKNOWN = "ab" + "0" * 30


def largest(home: Home) -> str:
    stored = home.stored()
    return max(stored, key=lambda name: len(stored[name]))


def test_an_intact_home_has_no_findings(home: Home) -> None:
    done = home.manage("verify", "--full")
    assert (done.code, done.err) == (0, "")
    match, checked = done.out.splitlines()
    assert match.startswith("The database and the stored files match")
    assert "30 file rows, 30 stored files, the content of 27 files" in checked
    assert "30 stored files by size" in home.succeed("verify")


def test_an_empty_home_has_nothing_to_verify(empty: Home) -> None:
    assert "nothing to verify" in empty.manage("verify").sentence


def test_an_intact_postgresql_home_has_no_findings(postgres_home: Home) -> None:
    assert "match" in postgres_home.succeed("verify", "--full")


def test_missing_and_shortened_files_are_found(home: Home) -> None:
    # Not the logs, which have more bytes than their rows count.
    stored = home.stored()
    *_, gone, short = sorted(stored, key=lambda name: len(stored[name]))
    home.blob(gone).unlink()
    home.blob(short).write_bytes(home.blob(short).read_bytes()[:-1])
    done = home.manage("verify")
    assert "2 problems are not repaired" in done.sentence
    assert "Missing files: 1" in done.out
    assert "Damaged files: 1" in done.out
    assert gone in done.out
    assert "run-" in done.out


def test_changed_content_of_the_same_size_is_found_with_full(home: Home) -> None:
    damaged = largest(home)
    flip(home.blob(damaged))
    home.succeed("verify")
    done = home.manage("verify", "--full")
    assert f"({damaged}): the content has changed" in done.out


def test_an_unknown_file_is_listed_and_moved_only_on_request(home: Home) -> None:
    home.blob(UNKNOWN).parent.mkdir(exist_ok=True)
    home.blob(UNKNOWN).write_bytes(b"whose?")
    done = home.manage("verify")
    assert f"{UNKNOWN}: 6 bytes" in done.out
    assert home.blob(UNKNOWN).exists()
    assert home.manage("verify", "--repair").code == 1
    assert home.blob(UNKNOWN).exists()
    assert "repaired" in home.succeed("verify", "--repair", "--quarantine-unknown")
    assert (home.files / "quarantine" / UNKNOWN).read_bytes() == b"whose?"
    home.succeed("verify")


def test_a_file_in_quarantine_with_a_row_is_restored(home: Home) -> None:
    name = largest(home)
    (home.files / "quarantine").mkdir(exist_ok=True)
    home.blob(name).rename(home.files / "quarantine" / name)
    assert "in quarantine that are still in use: 1" in home.manage("verify").out
    home.succeed("verify", "--repair")
    assert home.blob(name).exists()


def test_an_upload_interrupted_before_its_last_rename_is_finished(home: Home) -> None:
    name = largest(home)
    home.blob(name).rename(home.files / "incoming" / name)
    home.succeed("verify")
    home.succeed("verify", "--repair")
    assert home.blob(name).exists()


def test_lost_files_are_restored_from_a_backup(home: Home, backups: Path) -> None:
    home.succeed("backup", str(backups))
    before = home.stored()
    names = sorted(before, key=lambda name: len(before[name]))
    for gone in (names[0], names[-1]):
        home.blob(gone).unlink()
    flip(home.blob(names[-2]))
    home.succeed("verify", "--full", "--repair", "--backup", str(backups))
    # Of a log the backup has what its row counts.
    assert {n: home.stored()[n][:100] for n in before} == {
        n: content[:100] for n, content in before.items()
    }
    home.succeed("verify", "--full")


def test_a_backup_folder_is_checked(home: Home, backups: Path) -> None:
    assert (
        "no complete backup" in home.manage("verify", "--backup", str(backups)).sentence
    )
    home.succeed("backup", str(backups))
    checked = home.succeed("verify", "--full", "--backup", str(backups))
    assert f"{backups}: 1;" in checked
    objects = [path for path in backups.glob("objects/*/*") if path.stat().st_size]
    flip(max(objects, key=lambda path: path.stat().st_size))
    home.succeed("verify", "--backup", str(backups))
    damaged = home.manage("verify", "--full", "--backup", str(backups))
    assert "is damaged" in damaged.sentence


def test_missing_triggers_and_wrong_counts_are_repaired(home: Home) -> None:
    execute(home, "drop trigger runs_runevent_no_update")
    execute(home, "update runs_runcount set runs = runs + 1")
    done = home.manage("verify")
    assert "The trigger runs_runevent_no_update is missing" in done.out
    assert "counts of runs" in done.out
    home.succeed("verify", "--repair")
    home.succeed("verify")


def test_a_row_that_lost_its_parent_is_found(home: Home) -> None:
    execute(home, "delete from runs_key where kind = 'metric'")
    assert "runs_metric, row" in home.manage("verify").out


def test_unreadable_points_are_found(home: Home) -> None:
    execute(home, "update runs_metricchunk set data = x'00' where id = 1")
    home.succeed("verify")
    assert "Unreadable metric points: 1" in home.manage("verify", "--full").out


def test_each_kind_of_finding_prints_a_limited_number_of_lines(home: Home) -> None:
    for name in home.stored():
        home.blob(name).unlink()
    assert "and 10 more" in home.manage("verify").out


def test_files_of_another_database_are_never_moved(home: Home) -> None:
    (home.path / "identity").write_text("0" * 32)
    before = home.stored()
    assert "identities differ" in home.manage("verify", "--repair").sentence
    assert home.stored() == before
