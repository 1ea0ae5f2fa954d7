"""Undo and redo, and edits of what has changed since it was read."""

from __future__ import annotations

import pytest

from runs.actions.actor import Actor
from runs.actions.changes.edit_conflicts import version_token
from runs.actions.experiments import experiments as of_experiments
from runs.actions.run import run_edits
from runs.actions.run.lifecycle import change_status
from runs.actions.run.runs import archive_run, trash_run
from runs.actions.undo.undo import undo_change_set
from runs.models import (
    Change,
    ChangeSet,
    Experiment,
    Run,
    RunStar,
    RunTag,
    SearchText,
    User,
)
from runs.search.run_list.run_page import find_runs
from studio.core.errors import AlreadyExists, Conflict, InvalidState, NotSupported
from studio.core.statuses import RunStatus
from studio.core.view_spec import ViewSpec


def last() -> ChangeSet:
    return ChangeSet.objects.latest("pk")


def tags(run: Run) -> dict[str, str | None]:
    return dict(RunTag.objects.filter(run=run).values_list("key__name", "value"))


def test_a_rename_is_undone_and_redone(run: Run, actor: Actor, now: int) -> None:
    before = run.name
    renamed = run_edits.rename_run(run, "baseline", actor=actor, now=now)
    assert renamed.name == "baseline"
    undo_change_set(last(), actor=actor, now=now + 1)
    run.refresh_from_db()
    assert (run.name, last().action, last().actor) == (before, "undo", actor.user)
    assert before.lower() in SearchText.objects.get(run=run).text
    undo_change_set(last(), actor=actor, now=now + 2)
    run.refresh_from_db()
    assert (run.name, last().action) == ("baseline", "redo")


def test_undo_restores_all_tags_of_a_change(run: Run, actor: Actor, now: int) -> None:
    run_edits.set_run_tags(run, {"a": "1", "word": None}, actor=actor, now=now)
    run_edits.set_run_tags(run, {"a": "2", "word": "v", "b": "3"}, actor=actor, now=now)
    undo_change_set(last(), actor=actor, now=now)
    assert tags(run) == {"a": "1", "word": None}
    assert last().changes.count() == 3
    run_edits.remove_run_tags(run, ["a"], actor=actor, now=now)
    undo_change_set(last(), actor=actor, now=now)
    assert tags(run) == {"a": "1", "word": None}


def found_by(word: str, run: Run, viewer: User, now: int) -> bool:
    page = find_runs(ViewSpec(q=word), viewer, run.workspace, now=now)
    return [row.run.pk for row in page.rows] == [run.pk]


def test_a_tag_is_found_again_after_its_removal_is_undone(
    run: Run, actor: Actor, now: int, owner: User
) -> None:
    run_edits.set_run_tags(run, {"stage": "quokka"}, actor=actor, now=now)
    run_edits.remove_run_tags(run, ["stage"], actor=actor, now=now)
    assert not found_by("quokka", run, owner, now)
    undo_change_set(last(), actor=actor, now=now)
    assert found_by("quokka", run, owner, now)
    assert found_by("tags.stage:quokka", run, owner, now)
    undo_change_set(last(), actor=actor, now=now)
    assert not found_by("quokka", run, owner, now)


def test_archive_trash_and_description_changes_are_undone(
    run: Run, actor: Actor, now: int
) -> None:
    run_edits.describe_run(run, "good", actor=actor, now=now)
    undo_change_set(last(), actor=actor, now=now)
    archive_run(run, True, actor=actor, now=now)
    undo_change_set(last(), actor=actor, now=now)
    trash_run(run, actor=actor, now=now)
    undo_change_set(last(), actor=actor, now=now)
    run.refresh_from_db()
    assert (run.description, run.archived, run.deleted) == ("", None, None)


def test_an_undo_changes_the_revision_of_its_runs(
    run: Run, actor: Actor, now: int
) -> None:
    assert actor.user is not None
    run_edits.rename_run(run, "baseline", actor=actor, now=now)
    before = Run.objects.get(pk=run.pk).revision
    undo_change_set(last(), actor=actor, now=now + 1)
    run.refresh_from_db()
    assert (run.revision, run.updated) == (before + 1, now + 1)
    # A star is no change of the run: only its owner sees it.
    run_edits.star_run(run, actor.user, True, actor=actor, now=now + 2)
    undo_change_set(last(), actor=actor, now=now + 3)
    run.refresh_from_db()
    assert (run.revision, run.updated) == (before + 1, now + 1)


def test_only_its_owner_can_undo_a_star(run: Run, actor: Actor, now: int) -> None:
    assert actor.user is not None
    run_edits.star_run(run, actor.user, True, actor=actor, now=now)
    other = Actor(User.objects.create(username="eve"))
    with pytest.raises(NotSupported):
        undo_change_set(last(), actor=other, now=now)
    undo_change_set(last(), actor=actor, now=now)
    assert not RunStar.objects.exists()
    undo_change_set(last(), actor=actor, now=now)
    assert RunStar.objects.get().user == actor.user


def test_undo_after_a_later_change_reports_a_conflict(
    run: Run, actor: Actor, now: int
) -> None:
    before = run.name
    run_edits.rename_run(run, "mine", actor=actor, now=now)
    mine = last()
    run_edits.rename_run(run, "theirs", actor=actor, now=now)
    with pytest.raises(Conflict) as refused:
        undo_change_set(mine, actor=actor, now=now)
    assert refused.value.details["later"] == [
        {"field": "name", "before": before, "after": "mine", "now": "theirs"}
    ]
    undo_change_set(mine, actor=actor, now=now, anyway=True)
    run.refresh_from_db()
    assert run.name == before
    change = Change.objects.latest("pk")
    assert (change.before, change.after) == ("theirs", before)


def test_an_equal_value_is_not_a_change(run: Run, actor: Actor, now: int) -> None:
    run_edits.set_run_tags(run, {"a": "1"}, actor=actor, now=now)
    mine = last()
    run_edits.remove_run_tags(run, ["a"], actor=actor, now=now)
    count = ChangeSet.objects.count()
    undo_change_set(mine, actor=actor, now=now)
    assert ChangeSet.objects.count() == count


def test_a_status_cannot_be_undone(run: Run, actor: Actor, now: int) -> None:
    change_status(run, RunStatus.COMPLETED, actor=actor, now=now)
    empty = ChangeSet.objects.create(workspace=run.workspace, time=now, action="x")
    with pytest.raises(NotSupported):
        undo_change_set(empty, actor=actor, now=now)


def test_an_edit_of_a_changed_value_is_refused(
    run: Run, actor: Actor, now: int
) -> None:
    seen = version_token(run.name)
    run_edits.rename_run(run, "theirs", actor=actor, now=now)
    with pytest.raises(Conflict) as refused:
        run_edits.rename_run(run, "mine", actor=actor, now=now, seen_version=seen)
    assert refused.value.details["now"] == "theirs"
    run_edits.rename_run(run, "theirs", actor=actor, now=now, seen_version=seen)
    run_edits.rename_run(
        run, "mine", actor=actor, now=now, seen_version=version_token("theirs")
    )
    run.refresh_from_db()
    assert run.name == "mine"


def test_line_breaks_of_a_browser_are_no_change(
    run: Run, actor: Actor, now: int
) -> None:
    run_edits.describe_run(run, "a\r\nb", actor=actor, now=now)
    run_edits.describe_run(
        run, "c", actor=actor, now=now, seen_version=version_token("a\nb")
    )
    run.refresh_from_db()
    assert run.description == "c"


def test_mirrored_mlflow_tags_are_undone_too(run: Run, actor: Actor, now: int) -> None:
    mirrored_tags = {"mlflow.runName": "old", "mlflow.note.content": "old"}
    run_edits.set_run_tags(run, mirrored_tags, actor=actor, now=now)
    run_edits.rename_run(run, "new", actor=actor, now=now)
    run_edits.describe_run(run, "", actor=actor, now=now)
    assert tags(run) == {"mlflow.runName": "new", "mlflow.note.content": ""}


def test_undo_creates_no_mirrored_tag(run: Run, actor: Actor, now: int) -> None:
    run_edits.rename_run(run, "new", actor=actor, now=now)
    assert tags(run) == {}


def test_changes_of_an_experiment_are_undone(
    experiment: Experiment, actor: Actor, now: int
) -> None:
    def stored() -> tuple[object, ...]:
        experiment.refresh_from_db()
        kept = dict(experiment.tags.values_list("key", "value"))
        marked = (experiment.archived is not None, experiment.stars.exists())
        return (experiment.name, experiment.description, kept, *marked)

    act: dict[str, object] = {"actor": actor, "now": now}
    assert actor.user
    before = stored()
    of_experiments.describe_experiment(experiment, "new", **act)  # type: ignore[arg-type]
    of_experiments.rename_experiment(experiment, "other", **act)  # type: ignore[arg-type]
    of_experiments.set_experiment_tag(experiment, "a", None, **act)  # type: ignore[arg-type]
    of_experiments.archive_experiment(experiment, True, **act)  # type: ignore[arg-type]
    of_experiments.star_experiment(experiment, actor.user, True, **act)  # type: ignore[arg-type]
    after, made = stored(), list(ChangeSet.objects.order_by("-pk"))
    for change_set in made:
        undo_change_set(change_set, actor=actor, now=now)
    assert stored() == before
    for change_set in ChangeSet.objects.order_by("-pk")[: len(made)]:
        undo_change_set(change_set, actor=actor, now=now)
    assert stored() == after


def test_a_redo_deletes_no_experiment_with_a_locked_run(
    run: Run, experiment: Experiment, actor: Actor, now: int
) -> None:
    def deleted() -> int | None:
        return Experiment.objects.get(pk=experiment.pk).deleted

    of_experiments.delete_experiment(experiment, actor=actor, now=now)
    undo_change_set(last(), actor=actor, now=now)
    Run.objects.filter(pk=run.pk).update(locked=True)
    with pytest.raises(InvalidState):
        undo_change_set(last(), actor=actor, now=now)
    assert deleted() is None
    Run.objects.filter(pk=run.pk).update(locked=False)
    undo_change_set(last(), actor=actor, now=now)
    assert deleted() == now
    # To restore it is always allowed.
    Run.objects.filter(pk=run.pk).update(locked=True)
    undo_change_set(last(), actor=actor, now=now)


def test_an_experiments_later_text_is_not_overwritten(
    experiment: Experiment, actor: Actor, now: int
) -> None:
    of_experiments.describe_experiment(experiment, "mine", actor=actor, now=now)
    mine = last()
    of_experiments.describe_experiment(experiment, "theirs", actor=Actor(), now=now)
    with pytest.raises(Conflict) as caught:
        undo_change_set(mine, actor=actor, now=now)
    assert caught.value.details["later"][0]["now"] == "theirs"


def test_undo_does_not_restore_a_name_that_is_taken(
    experiment: Experiment, actor: Actor, now: int
) -> None:
    of_experiments.rename_experiment(experiment, "other", actor=actor, now=now)
    mine = last()
    of_experiments.create_experiment(
        experiment.workspace, "digits", actor=actor, now=now
    )
    with pytest.raises(AlreadyExists):
        undo_change_set(mine, actor=actor, now=now)


def test_a_change_set_knows_its_undo_and_redo(run: Run, actor: Actor, now: int) -> None:
    run_edits.rename_run(run, "baseline", actor=actor, now=now)
    rename = last()
    states = []
    for _n in range(4):
        undo_change_set(last(), actor=actor, now=now)
        rename.refresh_from_db()
        states.append(rename.is_undone)
    assert states == [True, False, True, False]
    undo_change_set(rename, actor=actor, now=now)
    rename.refresh_from_db()
    assert (rename.is_undone, rename.undone_by) == (True, last())
