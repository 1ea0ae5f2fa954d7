"""A process that begins very many runs: a sweep, a notebook of weeks."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from studio.sdk.run import Run, snapshot
from tests.delivery.fake_client import Fake


@pytest.fixture
def experiment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("STUDIO_SPOOL", str(tmp_path / "spool"))
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "train.py").write_text("train()")
    connection = SimpleNamespace(client=Fake(), is_buffering=False, is_offline=False)
    return SimpleNamespace(_connection=connection, name="sweep")


def test_finished_runs_are_freed(experiment: Any, tmp_path: Path) -> None:
    ended = []
    for number in range(5):
        run = Run(experiment, f"r{number}", _info={"status": "Running"})
        run._state.is_own = True
        run.log("loss", number)
        run._snapshot.take_in_background(str(tmp_path / "project"))
        run.complete()
        ended.append(weakref.ref(run))
        del run
    gc.collect()
    assert [one() for one in ended] == [None] * 5
    assert len(snapshot._threads) == 0
    assert len(experiment._connection.client.files) == 5


def test_a_process_waits_for_snapshots_at_exit(experiment: Any, tmp_path: Path) -> None:
    run = Run(experiment, "r1", _info={"status": "Running"})
    run._snapshot.take_in_background(str(tmp_path / "project"))
    snapshot._wait_for_all()
    assert list(experiment._connection.client.files) == ["runs/r1/snapshot"]
