"""What a sender gives up, what it never gives up, and how a run's end is told."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from studio.core.errors import (
    AlreadyExists,
    Conflict,
    InvalidState,
    InvalidValue,
    StudioError,
)
from studio.sdk.delivery import background, shutdown
from studio.sdk.delivery import sender as module
from studio.sdk.delivery.receipts import Receipt
from studio.sdk.delivery.sender import MAX_REFUSED_ROWS, Sender
from studio.sdk.delivery.spool_folder import SpoolFolder
from studio.sdk.delivery.spool_records import RecordedRequest, pack_request
from studio.sdk.delivery.writer import Writer
from tests.delivery.fake_client import Fake


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


class Counting(Refusing):
    """Notes how many rows each request had."""

    def __init__(self, *refused: str) -> None:
        super().__init__(*refused)
        self.batches: list[int] = []

    def send(self, method: str, path: str, content: bytes = b"", **how: Any) -> Any:
        if path.endswith("/rows"):
            self.batches.append(len(json.loads(content)["rows"]))
        return super().send(method, path, content, **how)


def test_a_refused_row_halves_batches_which_grow_again_to_the_limit(
    spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_BATCH_ROWS", 4)
    fake = Counting("bad")
    deliver(logged(fake, spool, *"abcd", "bad", *"abcdefghijk"))
    # Once it fits the batch doubles again, but the server accepts no more than four.
    assert fake.batches == [4, 4, 2, 1, 1, 1, 2, 4, 4]


def test_rows_wait_for_more_unless_they_fill_a_batch_or_are_in_a_hurry(
    spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_BATCH_ROWS", 3)
    monkeypatch.setattr(module, "LINGER_SECONDS", 3600.0)
    fake: Any = Counting()
    folder = SpoolFolder.create(fake.url, "default", "ada", "r1", spool)
    sender = Sender(folder, fake, is_live=True)
    sender._sent_at = time.monotonic()
    for number in range(4):
        sender.rows.append(b'["loss",%d]' % number)
        deliver(sender)
    assert fake.batches == [3]
    sender.send_without_delay()
    deliver(sender)
    assert fake.batches == [3, 1]


def test_a_refused_metric_is_reported_and_the_others_are_kept(
    spool: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    class RefusingFake(Fake):
        def send(self, *arguments: Any, **options: Any) -> Any:
            refused = [{"row": 0, "message": "the name is odd"}]
            return {
                **super().send(*arguments, **options),
                "refused": refused,
                "cancel": True,
            }

    fake = RefusingFake()
    sender = logged(fake, spool, "a", "b")
    deliver(sender)
    assert "A metric was refused: the name is odd" in capfd.readouterr().err
    assert sender.cancel_requested
    assert fake.points() == [0, 1]


class RefusingRequests(Fake):
    """Refuses a path with an error."""

    def __init__(self, path: str, error: StudioError) -> None:
        super().__init__()
        self.refused = (path, error)

    def json(self, method: str, path: str, *words: Any, **how: Any) -> Any:
        if path == self.refused[0]:
            raise self.refused[1]
        return super().json(method, path, *words, **how)


TAGS = RecordedRequest("POST", "runs/r1/tags", {"set": {}})
CREATION = RecordedRequest("POST", "runs", {"id": "r1"}, essential=True)


@pytest.mark.parametrize(
    ("error", "notices"),
    [
        (InvalidValue("too long"), ["POST runs/r1/tags was refused: too long"]),
        (Conflict("not now"), ["POST runs/r1/tags was refused: not now"]),
        (AlreadyExists("it exists"), []),
    ],
)
def test_a_refused_request_is_reported_and_skipped(
    spool: Path,
    capfd: pytest.CaptureFixture[str],
    error: StudioError,
    notices: list[str],
) -> None:
    fake = RefusingRequests(TAGS.path, error)
    sender = logged(fake, spool, "a")
    sender.requests.append(pack_request(TAGS))
    deliver(sender)
    assert fake.points() == [0]
    said = capfd.readouterr().err.splitlines()
    assert [f"Run Studio: {line}" for line in notices] == [
        line for line in said if "was refused" in line
    ]


def test_nothing_is_sent_for_a_run_whose_creation_is_refused(spool: Path) -> None:
    fake = RefusingRequests(CREATION.path, InvalidValue("no such experiment"))
    sender = logged(fake, spool, "a")
    sender.requests.append(pack_request(CREATION))
    deliver(sender)
    assert sender.is_blocked
    assert (fake.points(), sender.requests.waiting) == ([], 1)


def test_a_refused_status_is_reported(
    spool: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    fake = RefusingRequests("runs/r1/status", Conflict("It was canceled"))
    sender = logged(fake, spool, "a", end="Completed")
    deliver(sender)
    assert sender.receipt is not None
    said = capfd.readouterr().err
    assert "The status Completed was refused: It was canceled" in said


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

    def interrupt(*_given: Any, **_more: Any) -> Any:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("studio.sdk.delivery.shutdown.finish_writer", interrupt)
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


def test_a_child_process_that_logs_nothing_leaves_nothing(spool: Path) -> None:
    fake: Any = Fake()
    writer = Writer.open(fake, "r1", offline=True)
    parent = writer.sender
    writer.become_child()
    assert (writer.waiting, writer.cancel_requested) == (0, False)
    assert writer.flush()
    receipt = writer.close()
    assert receipt == Receipt("r1")
    assert receipt.line() == "Run r1: all stored."
    assert [path.name for path in spool.iterdir()] == [parent.folder.owner.writer]


def left_behind(fake: Any, run_id: str) -> str:
    """What a process of that run did not deliver; returns its writer."""
    writer = Writer.open(fake, run_id, offline=True)
    writer.add_point("loss", 1)
    writer.close()
    return writer.sender.folder.owner.writer


def test_the_end_delivers_what_child_processes_of_the_run_left(
    spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDIO_DRAIN_SECONDS", "10")
    fake: Any = Fake()
    mine, other = left_behind(fake, "r1"), left_behind(fake, "r2")
    # Else all that earlier processes left would be delivered.
    monkeypatch.setattr(background, "read_account_if_reachable", lambda _client: None)
    writer = Writer.open(fake, "r1", user="ada")
    writer.add_point("loss", 2)
    assert writer.close("Completed").is_whole
    assert set(fake.rows) == {mine, writer.sender.folder.owner.writer}
    assert [path.name for path in spool.iterdir()] == [other]


@pytest.mark.parametrize("heartbeats", [True, False])
def test_a_run_sends_heartbeats_if_it_is_asked_to(
    spool: Path, monkeypatch: pytest.MonkeyPatch, heartbeats: bool
) -> None:
    monkeypatch.setenv("STUDIO_DRAIN_SECONDS", "10")
    fake: Any = Fake()
    writer = Writer.open(fake, "r1", heartbeats=heartbeats)
    beat = "POST runs/r1/heartbeat"
    if heartbeats:
        delivery = shutdown.background_delivery()
        assert delivery.wait(lambda: beat in fake.asked, 10)
    writer.close("Completed")
    assert (beat in fake.asked) == heartbeats
    assert fake.statuses == ["Completed"]


def test_the_exit_of_the_process_waits_for_open_writers_only(spool: Path) -> None:
    fake: Any = Fake()
    one, other = (Writer.open(fake, run, offline=True) for run in ("r1", "r2"))
    one.close()
    one.close()
    assert shutdown._ProcessState.open_writers == [other]
    shutdown._deliver_at_exit()
    assert shutdown._ProcessState.open_writers == []
    with pytest.raises(InvalidState):
        other.add_point("loss", 1)


def test_an_interrupted_exit_names_where_the_rest_waits(
    spool: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def interrupt(_writer: Writer) -> None:
        raise KeyboardInterrupt

    fake: Any = Fake()
    writer = Writer.open(fake, "r1", offline=True)
    writer.add_point("loss", 1)
    with monkeypatch.context() as patch:
        patch.setattr(Writer, "close", interrupt)
        shutdown._deliver_at_exit()
    said = capfd.readouterr().err
    assert "Interrupted: what is not delivered waits in the spool." in said
    assert writer.close().waiting == 1


def test_a_run_that_ended_holds_no_file_open(spool: Path) -> None:
    fake: Any = Fake()
    before = set(Path("/proc/self/fd").iterdir())
    left_behind(fake, "r1")
    assert set(Path("/proc/self/fd").iterdir()) == before
    sender = Sender(SpoolFolder.create("s", "w", "u", "r", spool), fake, is_live=True)
    sender.rows.append(b"1")
    for _ in range(2):
        sender.leave_to_later_process()
        sender.close_inherited()
    assert set(Path("/proc/self/fd").iterdir()) == before
