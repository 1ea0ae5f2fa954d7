"""Names, descriptions, tags, stars, properties; each with its change set."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from runs.actions.actor import Actor
from runs.actions.changes import version_token
from runs.actions.experiments import experiments
from runs.actions.run import run_edits
from runs.actions.undo import undo_change_set
from runs.models import (
    Change,
    ChangeSet,
    Experiment,
    ExperimentStar,
    Run,
    RunProperty,
    RunStar,
    RunTag,
    User,
)
from studio.core.errors import Conflict, Immutable, InvalidValue


def changes(run: Run) -> list[tuple[str, object, object]]:
    rows = Change.objects.filter(run=run).order_by("id")
    return [(row.field, row.before, row.after) for row in rows]


def tags(run: Run) -> dict[str, str | None]:
    return dict(RunTag.objects.filter(run=run).values_list("key__name", "value"))


def test_a_rename_is_recorded_with_old_and_new_name(
    run: Run, actor: Actor, now: int
) -> None:
    before = run.name
    run_edits.rename_run(run, "baseline", actor=actor, now=now + 1)
    run.refresh_from_db()
    assert (run.name, run.updated, run.revision) == ("baseline", now + 1, 1)
    assert changes(run) == [("name", before, "baseline")]


def test_repeating_a_request_is_not_a_change(run: Run, actor: Actor, now: int) -> None:
    run_edits.rename_run(run, run.name, actor=actor, now=now)
    run_edits.set_run_tags(run, {"a": "1"}, actor=actor, now=now)
    run_edits.set_run_tags(run, {"a": "1"}, actor=actor, now=now)
    assert ChangeSet.objects.count() == 1


@pytest.mark.parametrize("name", ["", " ", "x" * 501, "a\x00", "two\nlines"])
def test_bad_names_are_refused(run: Run, actor: Actor, now: int, name: str) -> None:
    with pytest.raises(InvalidValue):
        run_edits.rename_run(run, name, actor=actor, now=now)
    assert changes(run) == []


def test_a_description_can_have_64_kib(run: Run, actor: Actor, now: int) -> None:
    run_edits.describe_run(run, "é" * 32_768, actor=actor, now=now)
    with pytest.raises(InvalidValue):
        run_edits.describe_run(run, "é" * 32_769, actor=actor, now=now)
    run.refresh_from_db()
    assert len(run.description) == 32_768


def test_tags_can_have_a_value_or_none(run: Run, actor: Actor, now: int) -> None:
    run_edits.set_run_tags(run, {"baseline": None, "team": "nlp"}, actor=actor, now=now)
    run_edits.set_run_tags(run, {"team": "", "lr": "0.1"}, actor=actor, now=now)
    assert tags(run) == {"baseline": None, "team": "", "lr": "0.1"}
    assert RunTag.objects.get(key__name="lr").number == 0.1
    assert changes(run)[2:] == [
        ("tags.team", {"value": "nlp"}, {"value": ""}),
        ("tags.lr", None, {"value": "0.1"}),
    ]


def test_one_invalid_tag_rejects_the_whole_request(
    run: Run, actor: Actor, now: int
) -> None:
    with pytest.raises(InvalidValue) as caught:
        run_edits.set_run_tags(
            run, {"good": "1", "bad": "x" * 65_537}, actor=actor, now=now
        )
    assert caught.value.details["field"] == "tags.bad"
    assert tags(run) == {}


def test_removing_tags_returns_how_many_were_removed(
    run: Run, actor: Actor, now: int
) -> None:
    run_edits.set_run_tags(run, {"a": "1", "b": None}, actor=actor, now=now)
    assert run_edits.remove_run_tags(run, ["a", "b", "c"], actor=actor, now=now) == 2
    assert run_edits.remove_run_tags(run, ["a"], actor=actor, now=now) == 0
    assert changes(run)[2:] == [
        ("tags.a", {"value": "1"}, None),
        ("tags.b", {"value": None}, None),
    ]


def test_a_property_is_written_once(run: Run, actor: Actor, now: int) -> None:
    run_edits.add_run_properties(run, {"git": "4be1"}, actor=actor, now=now)
    run_edits.add_run_properties(run, {"git": "4be1", "n": "1"}, actor=actor, now=now)
    with pytest.raises(Immutable) as caught:
        run_edits.add_run_properties(
            run, {"new": "1", "git": "ffff"}, actor=actor, now=now
        )
    assert caught.value.details["conflicts"] == [
        {"key": "git", "old": "4be1", "new": "ffff"}
    ]
    rows = RunProperty.objects.filter(run=run).values_list("key__name", "value")
    assert dict(rows) == {"git": "4be1", "n": "1"}


def test_stars_are_personal_and_repeatable(
    run: Run, owner: User, actor: Actor, now: int
) -> None:
    for on in (True, True, False, False):
        run_edits.star_run(run, owner, on, actor=actor, now=now)
    assert not RunStar.objects.exists()
    assert changes(run) == [("starred", False, True), ("starred", True, False)]


def test_experiments_have_stars_too(
    experiment: Experiment, owner: User, actor: Actor, now: int
) -> None:
    for on in (True, True, False, False):
        experiments.star_experiment(experiment, owner, on, actor=actor, now=now)
        assert ExperimentStar.objects.filter(user=owner).count() == on
    edits = Change.objects.order_by("pk").values_list("field", "before", "after")
    assert list(edits) == [("starred", False, True), ("starred", True, False)]


def test_a_change_set_names_who_and_when(run: Run, actor: Actor, now: int) -> None:
    run_edits.set_run_tags(run, {"a": "1", "b": "2"}, actor=actor, now=now)
    change_set = ChangeSet.objects.get()
    assert (change_set.actor, change_set.time) == (actor.user, now)
    assert (change_set.workspace, change_set.changes.count()) == (run.workspace, 2)


def test_a_color_is_pinned_recorded_and_undone(
    run: Run, actor: Actor, now: int
) -> None:
    run_edits.pin_run_color(run, 3, actor=actor, now=now)
    run_edits.pin_run_color(run, 3, actor=actor, now=now)
    run_edits.pin_run_color(run, 7, actor=actor, now=now)
    assert changes(run) == [("color", None, 3), ("color", 3, 7)]
    for change_set, color in zip(
        ChangeSet.objects.order_by("-pk"), (3, None), strict=True
    ):
        undo_change_set(change_set, actor=actor, now=now)
        run.refresh_from_db()
        assert run.color == color


@pytest.mark.parametrize("color", [0, 11, -1])
def test_there_are_ten_colors(run: Run, actor: Actor, now: int, color: int) -> None:
    with pytest.raises(InvalidValue, match="from 1 to 10"):
        run_edits.pin_run_color(run, color, actor=actor, now=now)


EDITS: dict[str, Callable[[Run, Actor, int], object]] = {
    "name": lambda run, actor, now: run_edits.rename_run(
        run, "b", actor=actor, now=now
    ),
    "color": lambda run, actor, now: run_edits.pin_run_color(
        run, 2, actor=actor, now=now
    ),
    "description": lambda run, actor, now: run_edits.describe_run(
        run, "b", actor=actor, now=now
    ),
    "tags": lambda run, actor, now: run_edits.set_run_tags(
        run, {"a": "2"}, actor=actor, now=now
    ),
    "one tag": lambda run, actor, now: run_edits.edit_run_tag(
        run, "a", "2", seen_version=version_token("1"), actor=actor, now=now
    ),
    "removed tags": lambda run, actor, now: run_edits.remove_run_tags(
        run, ["a"], actor=actor, now=now
    ),
    "properties": lambda run, actor, now: run_edits.add_run_properties(
        run, {"p": "1"}, actor=actor, now=now
    ),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_each_edit_raises_the_revision(
    run: Run, actor: Actor, now: int, edit: Callable[[Run, Actor, int], object]
) -> None:
    run_edits.set_run_tags(run, {"a": "1"}, actor=actor, now=now)
    run.refresh_from_db()
    before = run.revision
    edit(run, actor, now + 5)
    run.refresh_from_db()
    assert (run.revision, run.updated) == (before + 1, now + 5)


def test_a_tag_that_changed_since_is_not_overwritten(
    run: Run, actor: Actor, now: int
) -> None:
    run_edits.set_run_tags(run, {"a": "theirs"}, actor=actor, now=now)
    with pytest.raises(Conflict) as caught:
        run_edits.edit_run_tag(
            run, "a", "mine", seen_version=version_token("1"), actor=actor, now=now
        )
    assert caught.value.details["now"] == "theirs"
    assert tags(run) == {"a": "theirs"}


def test_a_tag_that_is_the_same_already_is_no_change(
    run: Run, actor: Actor, now: int
) -> None:
    run_edits.set_run_tags(run, {"a": "1", "word": None}, actor=actor, now=now)
    for key, value in (("a", "1"), ("word", None)):
        run_edits.edit_run_tag(
            run, key, value, seen_version="other", actor=actor, now=now
        )
    assert tags(run) == {"a": "1", "word": None}
    assert ChangeSet.objects.count() == 1
