"""Which home and database belong together, and first starts that are killed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from runs.actions.actor import Actor
from runs.actions.files.files import save_file
from runs.management import move_record
from runs.management.identity import (
    read_database_identity,
    read_home_identity,
    write_database_identity,
    write_home_identity,
)
from runs.management.identity_check import (
    IdentityStep,
    PairEvidence,
    choose_identity_step,
    collect_evidence,
    lost_files_warning,
    newest_stored_files,
    pending_identity_file,
    refuse_foreign_database,
    write_identities,
    write_new_identity,
)
from runs.models import Run, StudioIdentity, Workspace
from runs.storage.files import files

X, Y = "a" * 32, "b" * 32


def facts(home: str = "", database: str = "", **more: Any) -> PairEvidence:
    return PairEvidence(Path("/home"), home, database, **more)


@pytest.mark.parametrize(
    ("found", "step"),
    [
        (facts(X, X), IdentityStep.NOTHING),
        (facts(X, X, newest=20), IdentityStep.NOTHING),
        (facts(X, X, is_empty=True), IdentityStep.NOTHING),
        (facts(is_empty=True), IdentityStep.BOTH),
        # Of an earlier version: neither has an identity.
        (facts(), IdentityStep.BOTH),
        (facts(newest=20, known=11, names_files=True), IdentityStep.BOTH),
        (facts(newest=1, known=1, names_files=True), IdentityStep.BOTH),
        # One of the two has lost its identity, and the files prove the other.
        (facts(X, "", newest=3, known=2, names_files=True), IdentityStep.DATABASE),
        (facts("", Y, newest=3, known=2, names_files=True), IdentityStep.HOME),
        # A start that was killed after it wrote to the database.
        (facts("", Y, pending=Y, is_empty=True), IdentityStep.HOME),
        (facts(X, Y, pending=Y, newest=3), IdentityStep.HOME),
        (facts("", Y, pending=Y, is_empty=True, newest=3), IdentityStep.HOME),
        # A start that was killed before it did.
        (facts(pending=Y, is_empty=True), IdentityStep.BOTH),
    ],
)
def test_a_matching_home_and_database_are_accepted(
    found: PairEvidence, step: IdentityStep
) -> None:
    assert choose_identity_step(found) is step


@pytest.mark.usefixtures("files_dir")
@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (facts(X, Y), "their identities differ"),
        (facts(X, Y, pending=X), "their identities differ"),
        (facts(X, "", is_empty=True), "was used with another database, but"),
        (facts(X, Y, is_empty=True), "is empty"),
        (facts("", Y, is_empty=True), "is empty and belongs to another folder"),
        (facts(X, X, is_empty=True, newest=3), "is empty"),
        (facts("", "", is_empty=True, newest=3), "is empty"),
        (facts("", Y), "stores no files"),
        (facts("", Y, pending=X), "stores no files"),
        (facts(X, ""), "stores no files"),
        (facts("", "", names_files=True), "stores no files"),
        (facts("", "", newest=20, known=10), "knows 10 of the 20 newest"),
        (facts(X, "", newest=20, known=10), "knows 10 of the 20 newest"),
        (facts("", Y, newest=1, known=0), "knows 0 of the 1 newest"),
    ],
)
def test_a_mismatch_is_refused_with_next_steps(
    found: PairEvidence, reason: str
) -> None:
    with pytest.raises(CommandError, match=reason) as refusal:
        choose_identity_step(found)
    text = str(refusal.value)
    assert "manage.py studio --adopt" in text
    assert "/home" in text
    assert "\n" not in text
    for identity in filter(None, (found.home, found.database)):
        assert f"identity {identity[:8]}" in text


@pytest.mark.usefixtures("committed")
def test_the_first_start_writes_one_identity_to_both(
    tmp_path: Path, files_dir: Path
) -> None:
    write_identities(tmp_path, choose_identity_step(collect_evidence(tmp_path)))
    identity = read_home_identity(tmp_path)
    assert identity == read_database_identity()
    assert len(identity) == 32
    assert (tmp_path / "identity").stat().st_mode & 0o077 == 0
    assert choose_identity_step(collect_evidence(tmp_path)) is IdentityStep.NOTHING
    assert not pending_identity_file(tmp_path).exists()


@pytest.mark.usefixtures("committed")
@pytest.mark.parametrize("killed", ["before the database", "before the folder"])
def test_a_killed_first_start_is_continued(
    tmp_path: Path, files_dir: Path, killed: str
) -> None:
    pending_identity_file(tmp_path).write_text(f"{X}\n")
    if killed == "before the folder":
        write_database_identity(X)
    write_identities(tmp_path, choose_identity_step(collect_evidence(tmp_path)))
    assert read_home_identity(tmp_path) == read_database_identity()
    assert not pending_identity_file(tmp_path).exists()


@pytest.mark.usefixtures("committed")
def test_the_newest_stored_files_prove_that_a_database_matches(
    run: Run, actor: Actor, tmp_path: Path, files_dir: Path, now: int
) -> None:
    """The database knows the older files alone, as an older copy of it does."""
    for number in range(25):
        blob = save_file(run, str(number), [b"x"], actor=actor, now=now, limit=9).blob
        files.keep(blob)
        os.utime(files.path(blob), (number, number))
    assert choose_identity_step(collect_evidence(tmp_path)) is IdentityStep.BOTH
    run.files.filter(created=now, name__in=[str(n) for n in range(10, 25)]).delete()
    assert len(newest_stored_files()) == 20
    with pytest.raises(CommandError, match="knows 5 of the 20 newest"):
        choose_identity_step(collect_evidence(tmp_path))


@pytest.mark.usefixtures("committed")
def test_adopting_gives_both_a_new_identity_and_changes_nothing_else(
    workspace: Workspace, tmp_path: Path, files_dir: Path, now: int
) -> None:
    write_home_identity(tmp_path, X)
    StudioIdentity.objects.create(identity=Y, created=1, last_seen=now)
    files.keep(files.write([b"x"], 9).name)
    write_new_identity(tmp_path)
    assert read_home_identity(tmp_path) == read_database_identity() not in (X, Y)
    row = StudioIdentity.objects.get()
    assert (row.created, row.last_seen) == (1, now)
    assert len(list(files.names())) == 1
    assert choose_identity_step(collect_evidence(tmp_path)) is IdentityStep.NOTHING


COMMANDS = [["member", "ada"], ["worker"], ["sweep"]]


@pytest.mark.usefixtures("committed", "workspace")
@pytest.mark.parametrize("command", COMMANDS)
def test_commands_refuse_the_database_of_another_home(
    command: list[str], tmp_path: Path, settings: Any
) -> None:
    settings.STUDIO_HOME = tmp_path
    write_home_identity(tmp_path, X)
    write_database_identity(Y)
    with pytest.raises(CommandError, match="their identities differ"):
        call_command(*command)


@pytest.mark.usefixtures("files_dir")
def test_a_start_warns_if_all_newest_files_are_missing(run: Run, actor: Actor) -> None:
    assert lost_files_warning() == ""
    first, second = (
        save_file(run, name, [b"kept"], actor=actor, now=1, limit=9).blob
        for name in ("one.txt", "two.txt")
    )
    files.delete(first)
    assert lost_files_warning() == ""
    files.delete(second)
    assert "The 2 newest files of the database are missing" in lost_files_warning()


@pytest.mark.usefixtures("committed", "files_dir")
@pytest.mark.parametrize("command", COMMANDS)
def test_commands_refuse_an_empty_database_as_a_start_does(
    command: list[str], tmp_path: Path, settings: Any
) -> None:
    settings.STUDIO_HOME = tmp_path
    write_home_identity(tmp_path, X)
    with pytest.raises(CommandError) as start:
        choose_identity_step(collect_evidence(tmp_path))
    with pytest.raises(CommandError) as refusal:
        call_command(*command)
    assert str(refusal.value) == str(start.value)
    assert "move the data with `manage.py move-to`" in str(start.value)


@pytest.mark.usefixtures("committed", "workspace")
@pytest.mark.parametrize("command", COMMANDS)
def test_commands_refuse_a_moved_database(
    command: list[str], tmp_path: Path, settings: Any
) -> None:
    settings.STUDIO_HOME = tmp_path
    write_home_identity(tmp_path, X)
    write_database_identity(X)
    move_record.mark_moved(connection)
    with pytest.raises(CommandError, match="moved to another database"):
        call_command(*command)
    write_new_identity(tmp_path)
    refuse_foreign_database(tmp_path)


def test_a_damaged_identity_is_refused(tmp_path: Path) -> None:
    (tmp_path / "identity").write_text("half")
    with pytest.raises(CommandError, match="32 hexadecimal digits"):
        read_home_identity(tmp_path)


@pytest.mark.usefixtures("committed")
def test_a_database_without_an_identity_has_an_empty_one() -> None:
    assert read_database_identity() == ""
