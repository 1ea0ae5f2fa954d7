"""A run's end that is interrupted, at every step there is."""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import studio.sdk
from studio.sdk.connection import WorkspaceConnection
from studio.sdk.delivery import background, shutdown
from studio.sdk.delivery.spool import Spool
from studio.sdk.delivery.spool_folder import list_abandoned_folders
from studio.sdk.run import Run
from tests.delivery.fake_client import Fake
from tests.parts.interrupting import interrupted_at

SDK = str(Path(studio.sdk.__file__).parent)
#: What the SDK's code calls of the standard library, and waits in.
WITHIN = (str(threading.__file__), str(contextlib.__file__))


def is_ours(name: str) -> bool:
    return name.startswith(SDK) or name in WITHIN


@pytest.fixture(autouse=True)
def spool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "spool"
    monkeypatch.setenv("STUDIO_SPOOL", str(place))
    monkeypatch.setenv("STUDIO_DRAIN_SECONDS", "5")
    monkeypatch.setattr(background, "POLL_SECONDS", 0.002)
    return place


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    folder = tmp_path / "outputs"
    folder.mkdir()
    (folder / "model").write_bytes(b"weights")
    return folder


def begun(fake: Fake, folder: Path, *, offline: bool = False) -> Run:
    """A run that has logged a bit of everything."""
    client: Any = fake
    connection = WorkspaceConnection(client)
    connection.is_offline = offline
    experiment: Any = SimpleNamespace(_connection=connection, name="ends")
    run = Run(experiment, "r1", _info={"status": "Running"})
    run._state.is_own, run._state.outputs = True, str(folder)
    for value in range(3):
        run.log("loss", value)
    run._state.open_writer().append_log("logs/user_log.txt", b"printed\n")
    return run


def end_again(run: Run) -> None:
    run.complete()


def leave_it_to_the_exit(_run: Run) -> None:
    while shutdown._ProcessState.open_writers:
        shutdown._ProcessState.open_writers[0].close()


def log_more_and_end(run: Run) -> None:
    run.log("loss", 3)
    run.complete()


#: What follows, and how many steps lie between two that are tried.
FOLLOWING = [(end_again, 1), (leave_it_to_the_exit, 3), (log_more_and_end, 3)]


@pytest.mark.parametrize(("after", "stride"), FOLLOWING)
def test_an_exit_interrupted_at_any_step_is_completed_later(
    outputs: Path, spool: Path, after: Callable[[Run], None], stride: int
) -> None:
    for number in itertools.count(step=stride):
        fake = Fake()
        run = begun(fake, outputs)
        was_stopped = interrupted_at(number, run.complete, is_ours)
        writers: list[Any] = shutdown._ProcessState.open_writers
        was_meant = fake.statuses or any(one.sender.end_record for one in writers)
        after(run)
        assert sorted(fake.points()) == list(
            range(4 if after is log_more_and_end else 3)
        )
        assert fake.log() == b"printed\n"
        if after is not leave_it_to_the_exit:
            assert fake.files == {"outputs/model": b"weights"}
            assert run.receipt is not None
            assert run.receipt.is_whole
            assert set(fake.statuses) == {"Completed"}
        elif was_meant:
            assert fake.statuses == ["Completed"]
        if after is end_again:
            assert len(fake.statuses) == len(fake.receipts) == 1
        assert list(spool.glob("[0-9a-f]*")) == []
        assert shutdown._ProcessState.open_writers == []
        if not was_stopped:
            break
    assert number > 100


def fail(run: Run) -> None:
    run.fail("diverged")


@pytest.mark.parametrize(
    ("end", "statuses"), [(fail, ["Failed"]), (Run.cancel, [])], ids=["fail", "cancel"]
)
def test_failures_and_cancellations_are_reported(
    outputs: Path, spool: Path, end: Callable[[Run], None], statuses: list[str]
) -> None:
    for number in itertools.count(step=7):
        fake = Fake()
        run = begun(fake, outputs)
        was_stopped = interrupted_at(number, partial(end, run), is_ours)
        end(run)
        assert sorted(fake.points()) == [0, 1, 2]
        assert fake.statuses == statuses
        assert ("POST runs/r1/cancel" in fake.asked) == (end is Run.cancel)
        assert len(fake.receipts) == 1
        assert not list(spool.glob("[0-9a-f]*"))
        assert not shutdown._ProcessState.open_writers
        if not was_stopped:
            break
    assert number > 100


@pytest.mark.parametrize("offline", [False, True], ids=["server away", "offline"])
def test_an_interrupted_exit_without_a_server_keeps_the_spool_complete(
    outputs: Path, monkeypatch: pytest.MonkeyPatch, offline: bool
) -> None:
    monkeypatch.setenv("STUDIO_DRAIN_SECONDS", "0")
    for number in itertools.count(step=2):
        fake = Fake()
        fake.is_away = True
        run = begun(fake, outputs, offline=offline)
        was_stopped = interrupted_at(number, run.complete, is_ours)
        run.complete()
        assert run.receipt is not None
        assert run.receipt.waiting in (5, 6)
        assert not run.receipt.lost
        assert shutdown._ProcessState.open_writers == []
        [folder] = list_abandoned_folders()
        assert folder.read("end.json")["status"] == "Completed"
        assert Spool.reopen(folder.path, "rows").waiting == 3
        assert Spool.reopen(folder.path, "files").waiting >= 1
        folder.remove()
        if not was_stopped:
            break
    assert number > 100
