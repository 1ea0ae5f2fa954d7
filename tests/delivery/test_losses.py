"""What a full disk loses is counted once, of each sort, and told."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from studio.sdk.delivery import spool
from studio.sdk.delivery.receipts import LostData, Receipt
from studio.sdk.delivery.sender import Sender
from studio.sdk.delivery.spool_folder import SpoolFolder
from studio.sdk.delivery.writer import Writer
from tests.delivery.fake_client import Fake


def no_room(_handle: int, _data: bytes) -> int:
    raise OSError(errno.ENOSPC, "full")


@pytest.fixture
def fake() -> Any:
    return Fake()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STUDIO_SPOOL", str(tmp_path / "spool"))
    monkeypatch.setenv("STUDIO_DRAIN_SECONDS", "0")
    (tmp_path / "model").write_bytes(b"weights")
    return tmp_path


@contextmanager
def full() -> Iterator[None]:
    """Neither the disk nor the memory takes records."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spool, "_write", no_room)
        patch.setattr(spool, "MAX_MEMORY_BYTES", 0)
        yield


def log_some(writer: Writer, home: Path) -> None:
    """Two points, a file, five bytes of a log, a tag."""
    writer.add_point("loss", 1)
    writer.add_point("loss", 2)
    writer.add_file(home / "model", "model")
    writer.append_log("logs/a.txt", b"five\n")
    writer.record_request("POST", "runs/r1/tags", {"set": {"a": "b"}})


def later(fake: Any, receipt: Receipt) -> Receipt:
    """What another process comes to that delivers the rest."""
    assert receipt.waiting
    [folder] = Path(fake.spool).glob("[0-9a-f]*")
    claimed = SpoolFolder.claim(folder)
    assert claimed is not None
    sender = Sender(claimed, fake, is_live=False)
    while sender.receipt is None:
        assert sender.send_due() or sender.upload_next()
    return sender.receipt


def test_each_loss_is_counted_once_across_senders(
    fake: Any, home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    fake.spool = home / "spool"
    writer = Writer.open(fake, "r1", offline=True)
    log_some(writer, home)
    with full():
        log_some(writer, home)
    log_some(writer, home)
    with full():
        writer.append_log("logs/a.txt", b"at the end\n")
    receipt = writer.close("Completed")
    assert receipt.gone == LostData(points=2, files=1, log_bytes=16, changes=1)
    assert receipt.waiting == 10
    assert (receipt.points.sent, receipt.files.sent) == (6, 3)
    assert (receipt.log_bytes.sent, receipt.log_bytes.stored) == (26, 0)
    lost = "2 points, 1 file, 16 bytes of logs, 1 change"
    assert receipt.line().endswith(
        f"10 records (points, changes, the end) wait in the spool; lost: {lost}."
    )
    assert f"The disk was full; lost: {lost}." in capfd.readouterr().err
    received = later(fake, receipt)
    assert (received.points.sent, received.points.stored) == (6, 4)
    assert (received.files.sent, received.files.stored) == (3, 2)
    assert (received.log_bytes.sent, received.log_bytes.stored) == (26, 10)
    assert received.line().endswith(f"missing: {lost}.")
    assert fake.log("logs/a.txt") == b"five\nfive\n"
    assert len(list(home.glob("spool/*"))) == 0


def test_points_lost_from_memory_are_counted_once(fake: Any, home: Path) -> None:
    writer = Writer.open(fake, "r1", offline=True)
    log_some(writer, home)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spool, "_write", no_room)
        log_some(writer, home)
        receipt = writer.close("Completed")
        assert writer.close("Completed") == receipt
    assert receipt.gone == LostData(points=2, files=1, log_bytes=5, changes=1)
    assert receipt.waiting == 5
    assert (receipt.points.sent, receipt.files.sent) == (4, 2)
    assert receipt.log_bytes.sent == 10


def test_lost_changes_make_the_receipt_incomplete(fake: Any) -> None:
    writer = Writer.open(fake, "r1")
    writer.add_point("loss", 1)
    with full():
        writer.record_request("POST", "runs/r1/tags", {"set": {"a": "b"}})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STUDIO_DRAIN_SECONDS", "10")
        receipt = writer.close("Completed")
    assert not receipt.is_whole
    assert receipt.line() == "Run r1: 1 point; missing: 1 change."


def test_a_file_that_does_not_fit_on_the_disk_leaves_no_copy(
    fake: Any, home: Path
) -> None:
    writer = Writer.open(fake, "r1", offline=True)
    with full():
        writer.add_file(home / "model", "model")
    assert list((writer.sender.folder.path / "held").iterdir()) == []
    writer.close()


@pytest.mark.parametrize("has_begun", [True, False])
def test_a_full_disk_is_reported_with_its_reason_once(
    fake: Any, has_begun: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    writer = Writer.open(fake, "r1", offline=True)
    if has_begun:
        writer.add_point("loss", 1)
    with full():
        writer.add_point("loss", 2)
        writer.add_item("plot", "image", "a.png")
    said = capfd.readouterr().err
    assert said.count("takes no more (full): what is logged now is lost") == 1
    writer.close()


LOGGED: dict[str, Callable[[Writer, Path], object]] = {
    "a point": lambda writer, _home: writer.add_point("loss", 1),
    "an item": lambda writer, _home: writer.add_item("plot", "image", "a.png"),
    "a log": lambda writer, _home: writer.append_log("logs/a.txt", b"line\n"),
    "a file": lambda writer, home: writer.add_file(home / "model", "model"),
    "a tag": lambda writer, _home: writer.record_request("POST", "tags", {}),
}


@pytest.mark.parametrize("what", list(LOGGED))
def test_a_loss_of_each_kind_is_reported(
    fake: Any, home: Path, what: str, capfd: pytest.CaptureFixture[str]
) -> None:
    writer = Writer.open(fake, "r1", offline=True)
    LOGGED[what](writer, home)
    assert "takes no more" not in capfd.readouterr().err
    with full():
        LOGGED[what](writer, home)
    assert capfd.readouterr().err.count("takes no more (full)") == 1
    assert writer.close().gone.total
