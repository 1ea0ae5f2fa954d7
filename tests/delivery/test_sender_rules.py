"""What a sender gives up, what it never gives up, and how a run's end is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from studio.core.errors import Conflict, InvalidValue
from studio.sdk.delivery.sender import MAX_REFUSED_ROWS, Sender
from studio.sdk.delivery.spool_folder import SpoolFolder
from studio.sdk.delivery.writer import Writer
from tests.delivery.fake import Fake


class Refusing(Fake):
    """Refuses each batch that has a row of a metric in `refused`."""

    def __init__(self, *refused: str) -> None:
        super().__init__()
        self.refused = set(refused)

    def send(self, method: str, path: str, content: bytes = b"", **how: Any) -> Any:
        if path.endswith("/rows"):
            named = {row[0] for row in json.loads(content)["rows"] if row}
            if ("*" in self.refused and named) or named & self.refused:
                raise InvalidValue("not this one")
        return super().send(method, path, content, **how)


@pytest.fixture(autouse=True)
def spool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STUDIO_SPOOL", str(tmp_path / "spool"))
    monkeypatch.setenv("STUDIO_DRAIN_SECONDS", "0")
    return tmp_path / "spool"


def logged(fake: Any, spool: Path, *names: str, end: str | None = None) -> Sender:
    """A sender of what another process logged to those metrics, one point each."""
    writer = Writer.open(fake, "r1", offline=True)
    for number, name in enumerate(names):
        writer.add_point(name, number)
    writer.close(end)
    [folder] = spool.glob("[0-9a-f]*")
    claimed = SpoolFolder.claim(folder)
    assert claimed is not None
    return Sender(claimed, fake, is_live=False)


def deliver(sender: Sender) -> None:
    """Send until there is nothing to send, or the sender pauses."""
    for _ in range(1_000):
        if not sender.send_due():
            return
    raise AssertionError("The sender repeats what changes nothing.")


def test_only_the_refused_row_is_dropped(spool: Path) -> None:
    fake = Refusing("bad")
    sender = logged(fake, spool, "a", "b", "bad", "c", "d", end="Completed")
    deliver(sender)
    assert fake.points() == [0, 1, 3, 4]
    assert fake.statuses == ["Completed"]
    assert sender.receipt is not None


def test_rows_are_kept_if_the_server_refuses_all_of_them(spool: Path) -> None:
    fake = Refusing("*")
    sender = logged(fake, spool, *["a"] * (MAX_REFUSED_ROWS + 5), end="Completed")
    deliver(sender)
    assert sender.is_blocked
    assert sender.rows.delivered == MAX_REFUSED_ROWS
    assert sender.rows.waiting == 5
    assert (fake.statuses, sender.receipt) == ([], None)


def test_an_accepted_row_between_refused_ones_lets_the_sender_continue(
    spool: Path,
) -> None:
    fake = Refusing("bad")
    names = [*["bad"] * MAX_REFUSED_ROWS, "a", *["bad"] * MAX_REFUSED_ROWS, "b"]
    sender = logged(fake, spool, *names, end="Completed")
    deliver(sender)
    assert not sender.is_blocked
    assert fake.points() == [MAX_REFUSED_ROWS, 2 * MAX_REFUSED_ROWS + 1]
    assert sender.receipt is not None


def test_row_numbers_that_the_server_lost_are_skipped(spool: Path) -> None:
    fake = Fake()
    sender = logged(fake, spool, "a", "b", "c", end="Completed")
    sender.rows.acknowledge(2)
    deliver(sender)
    [rows] = fake.rows.values()
    assert rows[:2] == [None, None]
    assert fake.points() == [2]
    assert sender.receipt is not None


def test_other_conflicts_drop_no_row(spool: Path) -> None:
    class Conflicting(Fake):
        def send(self, *_asked: Any, **_how: Any) -> Any:
            raise Conflict("The run is being moved.")

    sender = logged(Conflicting(), spool, "a", "b", end="Completed")
    deliver(sender)
    assert sender.last_error is not None
    assert sender.last_error.message == "The run is being moved."
    assert (sender.rows.delivered, sender.rows.waiting) == (0, 2)


def ended(spool: Path) -> Any:
    [folder] = spool.glob("[0-9a-f]*")
    end = json.loads((folder / "end.json").read_text())
    return end.get("status"), end.get("message"), end.get("ended")


def interrupted_close(writer: Writer, status: str | None, message: str = "") -> None:
    """An end that is interrupted as it begins to deliver."""

    def interrupt(*_given: Any) -> Any:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("studio.sdk.delivery.shutdown.finish", interrupt)
        with pytest.raises(KeyboardInterrupt):
            writer.close(status, message=message)


@pytest.mark.parametrize(
    ("again", "stored"),
    [
        (("Failed", "diverged"), ("Failed", "diverged")),
        (("Completed", ""), ("Completed", "")),
        ((None, ""), ("Completed", "fine")),
    ],
)
def test_of_a_repeated_end_the_last_status_is_sent(
    spool: Path, again: tuple[str | None, str], stored: tuple[str, str]
) -> None:
    fake: Any = Fake()
    fake.is_away = True
    writer = Writer.open(fake, "r1")
    writer.add_point("loss", 1)
    interrupted_close(writer, "Completed", "fine")
    first = writer.sender.end_record
    assert first is not None
    first["ended"] -= 5_000
    writer.close(again[0], message=again[1])
    assert ended(spool) == (*stored, first["ended"])


def test_a_run_that_ends_without_a_status_reports_none(spool: Path) -> None:
    fake = Fake()
    deliver(logged(fake, spool, "a"))
    assert fake.statuses == []
    assert len(fake.receipts) == 1
