"""Rows that data tests begin with: a workspace, its owner, an experiment, a run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from runs.actions.actor import Actor
from runs.actions.experiments.experiments import create_experiment
from runs.actions.run.runs import create_run
from runs.models import (
    Experiment,
    Member,
    Role,
    Run,
    User,
    Workspace,
    change_counts,
    file_totals,
    immutable,
    rollups,
)

#: 24 November 2026, noon, in milliseconds.
NOON = 1_795_521_600_000


@pytest.fixture
def now() -> int:
    return NOON


@pytest.fixture
def workspace(db: None) -> Workspace:
    return Workspace.objects.create(name="default")


@pytest.fixture
def owner(workspace: Workspace) -> User:
    user = User.objects.create(username="ada")
    Member.objects.create(workspace=workspace, user=user, role=Role.OWNER)
    return user


@pytest.fixture
def ben(workspace: Workspace) -> User:
    """Another member, a contributor."""
    user = User.objects.create(username="ben")
    Member.objects.create(workspace=workspace, user=user, role=Role.CONTRIBUTOR)
    return user


@pytest.fixture
def actor(owner: User) -> Actor:
    return Actor(owner)


@pytest.fixture
def experiment(workspace: Workspace, actor: Actor, now: int) -> Experiment:
    return create_experiment(workspace, "digits", actor=actor, now=now)


@pytest.fixture
def run(experiment: Experiment, actor: Actor, now: int) -> Run:
    return create_run(experiment, run_id="run-1", actor=actor, now=now)


@pytest.fixture
def files_dir(tmp_path: Path, settings: Any) -> Path:
    """An empty folder for blobs."""
    folder = tmp_path / "files"
    settings.FILES_DIR = folder
    return folder


def stored_files(folder: Path) -> list[Path]:
    """All files below the folder, wherever the store has put them; not its lock."""
    found = [path for path in folder.rglob("*") if path.is_file()]
    return [path for path in found if path.name != "deletions.lock"]


@pytest.fixture
def triggers_come_back(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    yield
    with django_db_blocker.unblock():
        immutable.install(connection)
        rollups.restore(connection)
        change_counts.install(connection)
        file_totals.restore(connection)


@pytest.fixture
def committed(triggers_come_back: None, transactional_db: None) -> Iterator[None]:
    """Data is committed, so that other threads see it; the tables are emptied after.

    Immutable rows could not be, and kept counts would count what is emptied: their
    triggers are away while that is done.
    """
    yield
    immutable.remove(connection)
    rollups.remove(connection)
    change_counts.remove(connection)
