"""New names that several bring at once: of people, and of what they log."""

from __future__ import annotations

import pytest

from runs.actions.account.accounts import create_user_with_password
from runs.actions.actor import Actor
from runs.actions.experiments.experiments import create_experiment, rename_experiment
from runs.actions.ingest.points_and_params import Point, log_batch
from runs.actions.run.runs import create_run
from runs.actions.undo.undo import undo_change_set
from runs.models import (
    ChangeSet,
    Experiment,
    Key,
    KeyKind,
    Run,
    User,
    Workspace,
    now_ms,
)
from studio.core.errors import AlreadyExists
from tests.actions.run.test_tree_races import overlapping

TAGS: dict[str, str | None] = {"a": "1"}
TEXTS = {"a": "1"}


def kinds() -> list[str]:
    """The kinds of names in the order in which they were made."""
    return list(Key.objects.order_by("pk").values_list("kind", flat=True))


def test_writers_lock_kinds_of_names_in_the_same_order(
    experiment: Experiment, run: Run, actor: Actor, now: int
) -> None:
    points = [Point("a", 1.0, now)]
    log_batch(run, points, TEXTS, TAGS, actor=actor, now=now)
    assert kinds() == [KeyKind.METRIC, KeyKind.PARAM, KeyKind.TAG]
    create_run(
        experiment,
        tags={"b": None},
        params={"b": "1"},
        properties={"b": "1"},
        actor=actor,
        now=now,
    )
    assert kinds()[3:] == [KeyKind.PARAM, KeyKind.PROPERTY, KeyKind.TAG]


@pytest.mark.usefixtures("committed")
def test_undoing_a_rename_reports_a_name_that_was_taken_at_the_same_time() -> None:
    workspace = Workspace.objects.create(name="default")
    author = Actor(User.objects.create(username="ada"))

    def make() -> Experiment:
        return create_experiment(workspace, "digits", actor=Actor(), now=now_ms())

    experiment = make()
    rename_experiment(experiment, "letters", actor=author, now=now_ms())
    renamed = ChangeSet.objects.get()
    with pytest.raises(AlreadyExists, match="digits"):
        overlapping(make, lambda: undo_change_set(renamed, actor=author, now=now_ms()))
    experiment.refresh_from_db()
    assert experiment.name == "letters"


@pytest.mark.usefixtures("committed")
def test_of_two_concurrent_experiments_with_one_name_the_second_is_refused() -> None:
    def sign_up(name: str) -> User:
        return create_user_with_password(
            name, "a quite long pass phrase", actor=Actor(), now=now_ms()
        )

    with pytest.raises(AlreadyExists, match="taken"):
        overlapping(lambda: sign_up("grace"), lambda: sign_up("Grace"))
    assert User.objects.get().username == "grace"
