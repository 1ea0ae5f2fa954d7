"""Several experiments changed by one action, and undone as one."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from runs.actions.actor import Actor
from runs.actions.bulk import (
    MAX_BULK_EXPERIMENTS,
    BulkResult,
    ExperimentChange,
    ExperimentFlagChange,
    ExperimentTagChange,
    Skip,
    change_experiments,
    find_skipped_experiments,
)
from runs.actions.experiments import (
    create_experiment,
    ensure_default,
    set_experiment_tag,
)
from runs.actions.registry import create_model, register_version
from runs.actions.run import create_run
from runs.actions.run_rows import lock_run
from runs.actions.undo import undo_change_set
from runs.models import ChangeSet, Experiment, ExperimentTag, Workspace
from studio.core.errors import Conflict, InvalidValue
from tests.parts.records import NOON

DELETE = ExperimentFlagChange("deleted", True)


@pytest.fixture
def some(workspace: Workspace, actor: Actor) -> list[Experiment]:
    return [
        create_experiment(workspace, f"e{n}", actor=actor, now=NOON, tags={"old": "1"})
        for n in range(3)
    ]


def apply(
    some: list[Experiment], change: ExperimentChange, actor: Actor, now: int = NOON
) -> BulkResult:
    keys = [each.pk for each in some]
    return change_experiments(some[0].workspace, keys, change, actor=actor, now=now)


def tags() -> set[tuple[str, str, str | None]]:
    rows = ExperimentTag.objects.values_list("experiment__name", "key", "value")
    return set(rows)


def test_tags_of_several_experiments_are_one_change_and_one_undo(
    some: list[Experiment], actor: Actor
) -> None:
    set_experiment_tag(some[2], "team", "cv", actor=actor, now=NOON)
    before = tags()
    result = apply(some, ExperimentTagChange({"team": "cv"}, ["old"]).check(), actor)
    assert result.changed == 3
    assert tags() == {(f"e{n}", "team", "cv") for n in range(3)}
    assert result.change_set is not None
    assert result.change_set.change_count == 5
    undo_change_set(result.change_set, actor=actor, now=NOON)
    assert tags() == before


def test_what_has_the_tag_already_or_is_in_the_trash_is_skipped(
    some: list[Experiment], actor: Actor
) -> None:
    apply(some[:1], DELETE, actor)
    set_experiment_tag(some[1], "team", None, actor=actor, now=NOON)
    result = apply(some, ExperimentTagChange({"team": None}).check(), actor)
    assert result.changed == 1
    assert result.skipped == {Skip.TRASHED: 1, Skip.SAME: 1}


def test_experiments_that_must_stay_are_not_deleted_with_the_others(
    workspace: Workspace, some: list[Experiment], actor: Actor
) -> None:
    default = ensure_default(workspace, actor=actor, now=NOON)
    locked = create_run(some[0], actor=actor, now=NOON)
    lock_run(locked, actor=actor, now=NOON)
    registered = create_run(some[1], actor=actor, now=NOON)
    create_model(workspace, "churn", actor=actor, now=NOON)
    place = f"runs:/{registered.run_id}/model"
    register_version(workspace, "churn", place, actor=actor, now=NOON)
    every = [default, *some]
    plan = find_skipped_experiments(workspace, [each.pk for each in every], DELETE)
    assert plan == {
        default.pk: Skip.DEFAULT,
        some[0].pk: Skip.LOCKED,
        some[1].pk: Skip.REGISTERED,
    }
    assert apply(every, DELETE, actor).changed == 1
    deleted = Experiment.objects.exclude(deleted=None)
    assert list(deleted.values_list("name", flat=True)) == ["e2"]


def test_undo_of_a_deletion_shows_what_changed_since(
    some: list[Experiment], actor: Actor
) -> None:
    result = apply(some, DELETE, actor)
    apply(some[:1], ExperimentFlagChange("deleted", False), actor)
    assert result.change_set is not None
    undo_change_set(result.change_set, actor=actor, now=NOON)
    assert not Experiment.objects.exclude(deleted=None).exists()
    archived = apply(some, ExperimentFlagChange("archived", True), actor, NOON + 1)
    assert archived.change_set is not None
    tagged = apply(some, ExperimentTagChange({"old": "2"}).check(), actor)
    apply(some[:1], ExperimentTagChange({"old": "3"}).check(), actor)
    assert tagged.change_set is not None
    with pytest.raises(Conflict):
        undo_change_set(tagged.change_set, actor=actor, now=NOON)
    undo_change_set(archived.change_set, actor=actor, now=NOON)
    assert not Experiment.objects.exclude(archived=None).exists()


def test_statements_do_not_grow_with_the_experiments(
    workspace: Workspace, actor: Actor
) -> None:
    def count(n: int) -> int:
        made = [
            create_experiment(workspace, f"{n}-{i}", actor=actor, now=NOON)
            for i in range(n)
        ]
        with CaptureQueriesContext(connection) as queries:
            apply(made, ExperimentTagChange({"a": "b"}, ["c"]).check(), actor)
            apply(made, DELETE, actor)
        return len(queries)

    assert count(2) == count(9)


def test_too_many_are_refused_and_other_workspaces_are_untouched(
    workspace: Workspace, some: list[Experiment], actor: Actor
) -> None:
    with pytest.raises(InvalidValue):
        find_skipped_experiments(workspace, range(MAX_BULK_EXPERIMENTS + 1), DELETE)
    other = Workspace.objects.create(name="other")
    keys = [each.pk for each in some]
    assert change_experiments(other, keys, DELETE, actor=actor, now=NOON).changed == 0
    assert not ChangeSet.objects.exists()
