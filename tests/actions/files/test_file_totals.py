"""The total of the files of a run: right after every kind of change."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from runs.actions.actor import Actor
from runs.actions.files.files import delete_files, save_file
from runs.actions.ingest.log_files import append_log
from runs.actions.run.purge import purge_run
from runs.actions.run.runs import trash_run
from runs.management.verify import check_database, repair_triggers_and_counts
from runs.management.verify.findings import Fault
from runs.models import File, FileTotal, LoggedModel, Run, file_totals
from runs.search.files import size_of_files

pytestmark = pytest.mark.usefixtures("files_dir")


class Files:
    """Changes the files of a run, and reads its total."""

    def __init__(self, run: Run, actor: Actor, now: int) -> None:
        self.run = run
        self.act: dict[str, Any] = {"actor": actor, "now": now}

    def save(self, path: str, content: bytes, owner: Any = None) -> None:
        save_file(owner or self.run, path, [content], limit=100, **self.act)

    def append(self, offset: int, content: bytes) -> None:
        named = {"writer": "w", "limit": 100, **self.act}
        append_log(self.run, "log.txt", offset, content, **named)

    def total(self) -> tuple[int, int]:
        assert file_totals.count_wrong(connection) == 0
        row = FileTotal.objects.filter(run=self.run).first()
        return (row.files, row.bytes) if row else (0, 0)


@pytest.fixture
def changed(run: Run, actor: Actor, now: int) -> Files:
    return Files(run, actor, now)


def test_files_and_logs_are_counted(changed: Files) -> None:
    assert changed.total() == (0, 0)
    changed.save("a", b"12345")
    changed.append(0, b"123")
    changed.append(3, b"45")
    assert changed.total() == (2, 10)


def test_only_the_current_version_of_a_file_counts(changed: Files) -> None:
    for content in (b"12345", b"1", b"1", b"123"):
        changed.save("a", content)
    assert changed.total() == (1, 3)


def test_deleted_files_do_not_count(changed: Files) -> None:
    changed.save("a/b", b"12345")
    changed.save("a/c", b"1")
    changed.save("d", b"1")
    delete_files(changed.run, ["a"], **changed.act)
    assert changed.total() == (1, 1)
    File.objects.update(replaced=None)
    assert changed.total() == (3, 7)


def test_a_purge_leaves_no_total(changed: Files) -> None:
    changed.save("a", b"12345")
    trash_run(changed.run, **changed.act)
    assert changed.total() == (1, 5)
    purge_run(changed.run, **changed.act)
    assert not FileTotal.objects.exists()


def test_a_model_has_a_total_of_its_own(changed: Files) -> None:
    run = changed.run
    model = LoggedModel.objects.create(
        workspace=run.workspace,
        experiment=run.experiment,
        model_id="m-1",
        name="m",
        source_run=run,
        created=1,
        updated=1,
    )
    changed.save("MLmodel", b"12345", model)
    changed.save("a", b"1")
    assert changed.total() == (1, 1)
    assert size_of_files(run, [model]) == 6


@pytest.mark.usefixtures("triggers_come_back")
def test_verify_finds_and_repairs_a_wrong_total(changed: Files) -> None:
    changed.save("a", b"12345")
    FileTotal.objects.update(bytes=7)
    found = list(check_database(lambda *_progress: None, full=False))
    assert [one.fault for one in found] == [Fault.DERIVED]
    repair_triggers_and_counts(found)
    assert changed.total() == (1, 5)
