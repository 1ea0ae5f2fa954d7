"""The archive of a snapshot that waits in the spool, until it is delivered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from studio.sdk.answers import Unreachable
from studio.sdk.delivery import sender as module
from studio.sdk.delivery.records import Request, pack_request
from studio.sdk.delivery.sender import Courier
from studio.sdk.delivery.snapshot_archive import hold_snapshot
from studio.sdk.delivery.spool import Spool
from studio.sdk.delivery.spool_folder import Place
from tests.delivery.fake import Fake


class Killed(BaseException):
    """What ends a process at once."""


def die(*_words: object) -> None:
    raise Killed


@pytest.fixture
def fake() -> Any:
    return Fake()


@pytest.fixture
def courier(fake: Any, tmp_path: Path) -> Courier:
    """With a snapshot that waits, and then a tag."""
    project, spool = tmp_path / "project", tmp_path / "spool"
    project.mkdir()
    (project / "train.py").write_text("train()")
    place = Place.make(fake.url, "default", "ada", "r1", spool)
    made = Courier(place, fake, living=True)
    name = hold_snapshot(place.folder, project)
    for request in (
        Request("POST", "runs", {"id": "r1"}, essential=True),
        Request("PUT", "runs/r1/snapshot", None, held=name),
        Request("POST", "runs/r1/tags", {"set": {"a": "b"}}),
    ):
        made.requests.append(pack_request(request))
    return made


def send_all(courier: Courier) -> None:
    while courier.step() or courier.upload():
        pass


def delivered(courier: Courier, fake: Any) -> None:
    """By a later process."""
    courier.release()
    place = Place.take(courier.place.folder)
    assert place is not None
    later = Courier(place, fake, living=False)
    while later.receipt is None:
        assert later.step() or later.upload()


@pytest.mark.parametrize(
    ("owner", "step"),
    [(Place, "write"), (module, "drop_held"), (Spool, "acknowledge")],
    ids=["before it is noted", "before it goes", "before it is counted"],
)
def test_a_kill_after_its_upload_loses_nothing(
    courier: Courier,
    fake: Any,
    owner: Any,
    step: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert courier.step()
    with monkeypatch.context() as patch:
        patch.setattr(owner, step, die)
        with pytest.raises(Killed):
            send_all(courier)
    delivered(courier, fake)
    assert "PUT runs/r1/snapshot" in fake.asked
    assert "POST runs/r1/tags" in fake.asked
    assert "was not kept" not in capfd.readouterr().err


def test_rows_do_not_wait_for_a_snapshot_that_cannot_be_sent_now(
    courier: Courier, fake: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[Any] = []

    def refuse(
        _path: str, *_words: Any, attempts: int | None = None, **_how: Any
    ) -> None:
        tries.append(attempts)
        raise Unreachable("cannot be reached")

    courier.rows.append(b'["loss",0.5]')
    with monkeypatch.context() as patch:
        patch.setattr(fake, "upload", refuse)
        assert courier.step()
        courier.hurry()
        assert courier.step()
        assert fake.points() == [0.5]
        assert not courier.waits_for_its_run
        # One try, and then a pause of its own.
        assert not courier.upload()
        assert not courier.upload()
        assert tries == [1]
        courier.rows.append(b'["loss",0.25]')
        assert courier.step()
        assert fake.points() == [0.5, 0.25]
    courier.hurry()
    send_all(courier)
    assert fake.asked[-2:] == ["PUT runs/r1/snapshot", "POST runs/r1/tags"]
