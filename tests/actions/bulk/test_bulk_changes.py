"""Many runs changed by one action, and undone as one."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from runs.actions.actor import Actor
from runs.actions.bulk import (
    BulkChange,
    BulkResult,
    CancelChange,
    FlagChange,
    NameChange,
    Skip,
    StarChange,
    TagChange,
    apply_bulk_change,
    find_all_skipped,
    read_pattern,
    with_descendants,
)
from runs.actions.bulk import bulk_changes as bulk_module
from runs.actions.run import create_run, rename_run, set_run_tags, trash_run
from runs.actions.run_rows import lock_run
from runs.actions.undo import undo_change_set
from runs.models import (
    ChangeSet,
    Experiment,
    Run,
    RunStar,
    RunTag,
    SearchText,
    Workspace,
)
from studio.core.errors import Conflict, InvalidState, InvalidValue
from studio.core.statuses import RunStatus
from tests.parts.records import NOON


@pytest.fixture
def runs(experiment: Experiment, actor: Actor) -> list[Run]:
    return [
        create_run(
            experiment,
            actor=actor,
            now=NOON,
            name=f"old {n}",
            params={"lr": f"0.{n}"},
            tags={"stage": "draft", **({"flaky": None} if n else {})},
        )
        for n in range(4)
    ]


def apply(runs: list[Run], change: BulkChange, actor: Actor) -> BulkResult:
    keys = [run.pk for run in runs]
    return apply_bulk_change(runs[0].workspace, keys, change, actor=actor, now=NOON)


def undo(result: BulkResult, actor: Actor, *, anyway: bool = False) -> None:
    assert result.change_set is not None
    undo_change_set(result.change_set, actor=actor, now=NOON, anyway=anyway)


def state() -> list[tuple[str, bool, bool, dict[str, str | None], list[str]]]:
    """What bulk changes can change, of all runs."""
    return [
        (
            run.name,
            run.archived is not None,
            run.deleted is not None,
            dict(RunTag.objects.filter(run=run).values_list("key__name", "value")),
            # A tag that comes back is the last one of its text.
            sorted(SearchText.objects.get(run=run).text.split("\x1f")),
        )
        for run in Run.objects.order_by("pk")
    ]


CHANGES: list[BulkChange] = [
    TagChange({"stage": "final", "paper": None}, ["flaky"]),
    TagChange({}, ["stage"]),
    NameChange(read_pattern("{name} lr={params.lr}", "old", "new")),
    FlagChange("archived", True, NOON),
    FlagChange("deleted", True, NOON),
]


@pytest.mark.parametrize("change", CHANGES)
def test_one_undo_restores_all_runs_and_one_redo_changes_them_again(
    runs: list[Run], actor: Actor, change: BulkChange
) -> None:
    before = state()
    result = apply(runs, change, actor)
    after = state()
    assert (
        result.changed
        == len(runs)
        == sum(a != b for a, b in zip(before, after, strict=True))
    )
    undo(result, actor)
    assert state() == before
    undo_change_set(ChangeSet.objects.latest("pk"), actor=actor, now=NOON)
    assert state() == after


def test_tags_of_all_runs_are_set_and_removed(runs: list[Run], actor: Actor) -> None:
    result = apply(runs, TagChange({"stage": "final"}, ["flaky"]), actor)
    assert {tuple(sorted(tags.items())) for _, _, _, tags, _ in state()} == {
        (("stage", "final"),)
    }
    assert all("final" in text and "flaky" not in text for *_, text in state())
    assert result.change_set is not None
    fields = result.change_set.changes.values_list("field", flat=True)
    assert sorted(fields) == ["tags.flaky"] * 3 + ["tags.stage"] * 4


def test_runs_that_have_the_tags_already_are_left_alone(
    runs: list[Run], actor: Actor
) -> None:
    set_run_tags(runs[1], {"stage": "final"}, actor=actor, now=NOON)
    result = apply(runs, TagChange({"stage": "final"}), actor)
    assert (result.changed, dict(result.skipped)) == (3, {Skip.SAME: 1})


def test_locked_runs_stay_out_of_the_trash(runs: list[Run], actor: Actor) -> None:
    lock_run(runs[0], actor=actor, now=NOON)
    trash_run(runs[1], actor=actor, now=NOON)
    change = FlagChange("deleted", True, NOON)
    keys = [run.pk for run in runs]
    wanted = {runs[0].pk: Skip.LOCKED, runs[1].pk: Skip.SAME}
    assert find_all_skipped(runs[0].workspace, keys, change) == wanted
    result = apply(runs, change, actor)
    assert (result.changed, sum(result.skipped.values())) == (2, 2)
    assert Run.objects.filter(deleted=None).get() == runs[0]


def test_a_run_locked_since_is_not_deleted_by_a_redo(
    runs: list[Run], actor: Actor
) -> None:
    undo(apply(runs, FlagChange("deleted", True, NOON), actor), actor)
    lock_run(runs[2], actor=actor, now=NOON)
    with pytest.raises(InvalidState):
        undo_change_set(
            ChangeSet.objects.filter(action="undo").latest("pk"), actor=actor, now=NOON
        )
    assert not Run.objects.exclude(deleted=None).exists()


def test_an_undo_after_a_later_change_asks(runs: list[Run], actor: Actor) -> None:
    before = [run.name for run in runs]
    result = apply(runs, NameChange(read_pattern("run {number}")), actor)
    rename_run(runs[1], "mine", actor=actor, now=NOON)
    with pytest.raises(Conflict) as raised:
        undo(result, actor)
    assert [each["now"] for each in raised.value.details["later"]] == ["mine"]
    assert runs[0].name == before[0] != Run.objects.get(pk=runs[0].pk).name
    undo(result, actor, anyway=True)
    assert [run.name for run in Run.objects.order_by("pk")] == before


def test_names_that_no_run_can_have_are_skipped(runs: list[Run], actor: Actor) -> None:
    change = NameChange(read_pattern("{tags.flaky}{tags.title}"))
    set_run_tags(runs[3], {"title": "best"}, actor=actor, now=NOON)
    result = apply(runs, change, actor)
    assert (result.changed, dict(result.skipped)) == (1, {Skip.NAME: 3})


def test_the_tag_that_mirrors_a_name_follows_it(runs: list[Run], actor: Actor) -> None:
    set_run_tags(runs[0], {"mlflow.runName": "old 0"}, actor=actor, now=NOON)
    apply(runs, NameChange(read_pattern("{{{id}}}")), actor)
    tag = RunTag.objects.get(run=runs[0], key__name="mlflow.runName")
    assert tag.value == f"{{{runs[0].run_id}}}"


@pytest.mark.parametrize("text", ["{nam}", "{params.}", "{", "a}", "{name", "{}"])
def test_an_unknown_pattern_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue, match="pattern"):
        read_pattern(text)


def test_stars_are_the_users_own(runs: list[Run], actor: Actor) -> None:
    user = actor.user
    assert user is not None
    RunStar.objects.create(run=runs[0], user=user)
    result = apply(runs, StarChange(user, True), actor)
    assert (result.changed, RunStar.objects.filter(user=user).count()) == (3, 4)
    undo(result, actor)
    assert RunStar.objects.get().run == runs[0]


def test_a_cancel_is_requested_of_runs_that_have_not_ended(
    runs: list[Run], experiment: Experiment, actor: Actor
) -> None:
    done = create_run(experiment, actor=actor, now=NOON, status=RunStatus.COMPLETED)
    result = apply([*runs, done], CancelChange(actor, NOON), actor)
    assert (result.changed, dict(result.skipped)) == (4, {Skip.ENDED: 1})
    again = apply(runs, CancelChange(actor, NOON), actor)
    assert dict(again.skipped) == {Skip.CANCELING: 4}
    assert result.change_set is None


def test_child_runs_come_with_their_parents(
    runs: list[Run], experiment: Experiment, actor: Actor
) -> None:
    above = runs[0]
    for _ in range(3):
        above = create_run(
            experiment, actor=actor, now=NOON, parent_run_id=above.run_id
        )
    trash_run(above, actor=actor, now=NOON)
    found = with_descendants([runs[0].pk, runs[1].pk])
    below = list(Run.objects.filter(root=runs[0]).order_by("pk"))
    assert sorted(found) == [runs[0].pk, runs[1].pk, *(run.pk for run in below[:2])]


def test_runs_of_other_workspaces_are_left_alone(
    runs: list[Run], actor: Actor, now: int
) -> None:
    other = Workspace.objects.create(name="other")
    keys = [run.pk for run in runs]
    change = FlagChange("archived", True, now)
    result = apply_bulk_change(other, keys, change, actor=actor, now=now)
    assert (result.changed, result.change_set) == (0, None)
    assert not Run.objects.exclude(archived=None).exists()


def test_several_transactions_are_one_change_set(
    runs: list[Run], actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_module, "RUNS_PER_TRANSACTION", 3)
    before = state()
    result = apply(runs, TagChange({"stage": "final"}), actor)
    assert ChangeSet.objects.filter(action="set tags").latest("pk").changes.count() == 4
    undo(result, actor)
    assert state() == before


def test_too_many_runs_are_refused(workspace: Workspace, actor: Actor) -> None:
    change = FlagChange("archived", True, NOON)
    with pytest.raises(InvalidValue, match="1,000,000"):
        apply_bulk_change(workspace, range(1_000_001), change, actor=actor, now=NOON)


@pytest.mark.parametrize("change", CHANGES)
def test_the_cost_does_not_grow_with_the_runs(
    runs: list[Run], actor: Actor, change: BulkChange
) -> None:
    def count(some: list[Run]) -> int:
        with CaptureQueriesContext(connection) as captured:
            result = apply(some, change, actor)
            undo(result, actor)
        return len(captured)

    # Each field's search texts are built from the tags of each run.
    texts = 6 * len(runs[2:]) if isinstance(change, TagChange | NameChange) else 0
    assert count(runs[1:]) - count(runs[1:2]) <= 1 + texts


def test_only_runs_that_change_get_a_new_revision(
    runs: list[Run], actor: Actor
) -> None:
    def revisions() -> list[int]:
        rows = Run.objects.order_by("pk")
        return list(rows.values_list("revision", flat=True))

    set_run_tags(runs[1], {"stage": "final"}, actor=actor, now=NOON)
    before = revisions()
    result = apply(runs, TagChange({"stage": "final"}), actor)
    changed = [a - b for a, b in zip(revisions(), before, strict=True)]
    assert changed == [1, 0, 1, 1]
    before = revisions()
    set_run_tags(runs[0], {"stage": "draft"}, actor=actor, now=NOON)
    undo(result, actor)
    assert [a - b for a, b in zip(revisions(), before, strict=True)] == [1, 0, 1, 1]
    before = revisions()
    assert actor.user is not None
    apply(runs, StarChange(actor.user, True), actor)
    assert revisions() == before


def test_many_tags_make_small_transactions() -> None:
    change = TagChange({f"k{n}": None for n in range(1_000)})
    assert [len(some) for some in change.split(range(12))] == [5, 5, 2]


def test_child_runs_in_the_trash_are_restored_with_their_parents(
    runs: list[Run], experiment: Experiment, actor: Actor
) -> None:
    child = create_run(experiment, actor=actor, now=NOON, parent_run_id=runs[0].run_id)
    trash_run(child, actor=actor, now=NOON)
    assert with_descendants([runs[0].pk]) == [runs[0].pk]
    found = with_descendants([runs[0].pk], in_trash=True)
    assert found == [runs[0].pk, child.pk]
