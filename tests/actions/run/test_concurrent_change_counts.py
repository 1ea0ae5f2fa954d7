"""Writers of one workspace do not wait for each other's count of changes."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection, transaction

from runs.actions.actor import Actor
from runs.actions.run import run_edits
from runs.actions.run.runs import create_run
from runs.models import Experiment

pytestmark = pytest.mark.usefixtures("committed")


def test_writers_do_not_wait_for_each_others_counts(
    experiment: Experiment, actor: Actor, now: int
) -> None:
    """Two open transactions that each changed a run: PostgreSQL lets both go on."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    first, second = (create_run(experiment, actor=actor, now=now) for _ in range(2))
    before = experiment.workspace.count_changes()
    assert before is not None
    done: list[Any] = []

    def write() -> None:
        run_edits.rename_run(second, "second", actor=actor, now=now)
        done.append(experiment.workspace.count_changes())
        connection.close()

    with transaction.atomic():
        run_edits.rename_run(first, "first", actor=actor, now=now)
        other = threading.Thread(target=write)
        other.start()
        other.join(20)
        [added] = done
    assert added > before
    assert (experiment.workspace.count_changes() or 0) > added
