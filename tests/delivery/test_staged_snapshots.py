"""The archive of a snapshot that waits in the spool, until it is delivered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from studio.sdk.delivery import sender as module
from studio.sdk.delivery.sender import Sender
from studio.sdk.delivery.spool import Spool
from studio.sdk.delivery.spool_folder import SpoolFolder
from studio.sdk.delivery.spool_records import RecordedRequest, pack_request
from studio.sdk.delivery.staged_files import stage_snapshot
from studio.sdk.delivery.writer import Writer
from studio.sdk.responses import Unreachable
from tests.delivery.fake_client import Fake


class Killed(BaseException):
    """What ends a process at once."""


def die(*_words: object) -> None:
    raise Killed


@pytest.fixture
def fake() -> Any:
    return Fake()


@pytest.fixture
def sender(fake: Any, tmp_path: Path) -> Sender:
    """With a snapshot that waits, and then a tag."""
    project, spool = tmp_path / "project", tmp_path / "spool"
    project.mkdir()
    (project / "train.py").write_text("train()")
    folder = SpoolFolder.create(fake.url, "default", "ada", "r1", spool)
    made = Sender(folder, fake, is_live=True)
    name = stage_snapshot(folder.path, project)
    for request in (
        RecordedRequest("POST", "runs", {"id": "r1"}, essential=True),
        RecordedRequest("PUT", "runs/r1/snapshot", None, held=name),
        RecordedRequest("POST", "runs/r1/tags", {"set": {"a": "b"}}),
    ):
        made.requests.append(pack_request(request))
    return made


def send_all(sender: Sender) -> None:
    while sender.send_due() or sender.upload_next():
        pass


def delivered(sender: Sender, fake: Any) -> None:
    """By a later process."""
    sender.leave_to_later_process()
    folder = SpoolFolder.claim(sender.folder.path)
    assert folder is not None
    later = Sender(folder, fake, is_live=False)
    while later.receipt is None:
        assert later.send_due() or later.upload_next()


@pytest.mark.parametrize(
    ("owner", "step"),
    [(SpoolFolder, "write"), (module, "delete_staged"), (Spool, "acknowledge")],
    ids=["before it is noted", "before it goes", "before it is counted"],
)
def test_a_kill_after_the_upload_of_a_snapshot_loses_nothing(
    sender: Sender,
    fake: Any,
    owner: Any,
    step: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert sender.send_due()
    with monkeypatch.context() as patch:
        patch.setattr(owner, step, die)
        with pytest.raises(Killed):
            send_all(sender)
    delivered(sender, fake)
    assert "PUT runs/r1/snapshot" in fake.asked
    assert "POST runs/r1/tags" in fake.asked
    assert "was not kept" not in capfd.readouterr().err


def test_rows_do_not_wait_for_a_snapshot_that_cannot_be_sent(
    sender: Sender, fake: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[Any] = []

    def refuse(
        _path: str, *_words: Any, attempts: int | None = None, **_how: Any
    ) -> None:
        tries.append(attempts)
        raise Unreachable("cannot be reached")

    sender.rows.append(b'["loss",0.5]')
    with monkeypatch.context() as patch:
        patch.setattr(fake, "upload", refuse)
        assert sender.send_due()
        sender.send_without_delay()
        assert sender.send_due()
        assert fake.points() == [0.5]
        assert not sender.is_waiting_for_run
        # One try, and then a pause of its own.
        assert not sender.upload_next()
        assert not sender.upload_next()
        assert tries == [1]
        sender.rows.append(b'["loss",0.25]')
        assert sender.send_due()
        assert fake.points() == [0.5, 0.25]
    sender.send_without_delay()
    send_all(sender)
    assert fake.asked[-2:] == ["PUT runs/r1/snapshot", "POST runs/r1/tags"]


def test_a_snapshot_that_was_logged_offline_is_delivered(
    fake: Any, tmp_path: Path
) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "train.py").write_text("train()")
    writer = Writer.open(fake, "r1", root=tmp_path / "spool", offline=True)
    writer.add_snapshot(tmp_path / "project")
    assert writer.close("Completed").waiting == 1
    folder = SpoolFolder.claim(writer.sender.folder.path)
    assert folder is not None
    later = Sender(folder, fake, is_live=False)
    while later.receipt is None:
        assert later.send_due() or later.upload_next()
    assert fake.asked[0] == "PUT runs/r1/snapshot"
    assert fake.files["runs/r1/snapshot"].startswith(b"PK")
