"""Versions: numbers, sources, stages, aliases, deletion."""

from __future__ import annotations

import json

import pytest

from runs.actions import registry
from runs.actions.actor import Actor
from runs.actions.files import save_file
from runs.actions.ingest import set_model_tags
from runs.models import (
    Change,
    LoggedModel,
    ModelStage,
    ModelVersion,
    RegisteredModel,
    Run,
    User,
)
from studio.core.errors import Conflict, InvalidState, InvalidValue, NotFound
from tests.actions.registry.conftest import Register

#: MLflow's clients read it.
VERSIONS_TAG = "mlflow.modelVersions"


def last_change(model: RegisteredModel) -> tuple[str, object, object]:
    row = Change.objects.filter(registered_model=model).latest("id")
    return row.field, row.before, row.after


def test_versions_count_from_1_and_numbers_are_not_reused(
    register: Register, actor: Actor, now: int
) -> None:
    numbers = [register().number, (second := register()).number]
    registry.delete_version(second, actor=actor, now=now)
    assert [*numbers, register().number] == [1, 2, 3]


def test_the_versions_are_counted(
    model: RegisteredModel, register: Register, actor: Actor, now: int
) -> None:
    versions = [register(), register(), register()]
    for version in (versions[2], versions[0]):
        registry.delete_version(version, actor=actor, now=now)
    model.refresh_from_db()
    counted = (model.version_count, model.latest_version, model.last_version)
    assert counted == (1, 2, 3)


def test_a_version_knows_its_files_and_their_size(
    register: Register, run: Run, actor: Actor, now: int, files_dir: object
) -> None:
    for path, text in (("model/MLmodel", b"abc"), ("other", b"x"), ("modelx", b"y")):
        save_file(run, path, [text], actor=actor, now=now, limit=100)
    version = register()
    assert (version.files_run, version.run, version.path) == (run, run, "model")
    assert version.size == 3
    assert register(f"runs:/{run.run_id}/other").size == 1


def test_a_version_of_a_logged_model_is_named_in_its_tag(
    register: Register, logged: LoggedModel, run: Run
) -> None:
    version = register(f"models:/{logged.model_id}")
    register(f"models:/{logged.model_id}")
    assert (version.logged_model, version.run) == (logged, run)
    tag = logged.tags.get(key=VERSIONS_TAG)
    assert json.loads(tag.value) == [
        {"name": "churn", "version": 1},
        {"name": "churn", "version": 2},
    ]


@pytest.mark.parametrize("text", ["no JSON", '{"a": 1}', "null", "7"])
def test_any_text_in_the_tag_of_a_logged_model_is_replaced(
    register: Register, logged: LoggedModel, now: int, text: str
) -> None:
    set_model_tags(logged, {VERSIONS_TAG: text}, now=now)
    register(f"models:/{logged.model_id}")
    tag = logged.tags.get(key=VERSIONS_TAG)
    assert json.loads(tag.value) == [{"name": "churn", "version": 1}]


def test_a_repeated_request_registers_once(register: Register) -> None:
    assert register(request_id="r1") == register(request_id="r1")
    assert ModelVersion.objects.count() == 1


def test_registering_can_create_the_model(run: Run, actor: Actor, now: int) -> None:
    version = registry.register_version(
        run.workspace, "new", f"runs:/{run.run_id}", actor=actor, now=now, create=True
    )
    assert version.model.name == "new"
    with pytest.raises(NotFound):
        registry.register_version(
            run.workspace, "no", f"runs:/{run.run_id}", actor=actor, now=now
        )


def test_a_refused_source_creates_no_model(run: Run, actor: Actor, now: int) -> None:
    with pytest.raises(InvalidValue):
        registry.register_version(
            run.workspace, "new", "file:/etc", actor=actor, now=now, create=True
        )
    assert not RegisteredModel.objects.exists()


def test_a_stage_can_archive_the_others(
    register: Register, actor: Actor, now: int
) -> None:
    first, second = register(), register()
    registry.set_stage(first, ModelStage.PRODUCTION, actor=actor, now=now)
    # Again, as a repeated request does: it doesn't archive itself.
    for _time in range(2):
        registry.set_stage(
            second, ModelStage.PRODUCTION, actor=actor, now=now, archive_existing=True
        )
    stages = ModelVersion.objects.order_by("number").values_list("stage", flat=True)
    assert list(stages) == ["Archived", "Production"]
    with pytest.raises(InvalidValue):
        registry.set_stage(
            first, ModelStage.NONE, actor=actor, now=now, archive_existing=True
        )


def test_a_stage_archives_no_version_of_another_model(
    register: Register, run: Run, actor: Actor, now: int
) -> None:
    other = registry.register_version(
        run.workspace, "other", f"runs:/{run.run_id}", actor=actor, now=now, create=True
    )
    for version in (other, register()):
        registry.set_stage(
            version, ModelStage.PRODUCTION, actor=actor, now=now, archive_existing=True
        )
    other.refresh_from_db()
    assert other.stage == "Production"


def test_moving_an_alias_is_recorded_with_its_note(
    model: RegisteredModel, register: Register, actor: Actor, now: int
) -> None:
    first, second = register(), register()
    registry.move_alias(first, "champion", actor=actor, now=now)
    registry.move_alias(second, "champion", actor=actor, now=now, note="better")
    assert last_change(model) == (
        "aliases.champion",
        {"version": 1, "note": ""},
        {"version": 2, "note": "better"},
    )
    assert registry.remove_alias(model, "champion", actor=actor, now=now)
    assert not registry.remove_alias(model, "champion", actor=actor, now=now)


def test_of_two_promotions_at_once_the_second_learns_of_the_first(
    register: Register, actor: Actor, ben: User, now: int
) -> None:
    first, second, third = register(), register(), register()
    registry.move_alias(first, "champion", actor=actor, now=now)
    registry.move_alias(
        second, "champion", actor=Actor(ben), now=now, note="mine", expected=1
    )
    with pytest.raises(Conflict) as caught:
        registry.move_alias(third, "champion", actor=actor, now=now, expected=1)
    details = caught.value.details
    assert (details["now"], details["moved_by"], details["note"]) == (2, "ben", "mine")
    assert second.aliases.count() == 1


def test_an_alias_expected_to_be_new_must_be_new(
    register: Register, actor: Actor, now: int
) -> None:
    registry.move_alias(register(), "a", actor=actor, now=now, expected=0)
    with pytest.raises(Conflict):
        registry.move_alias(register(), "a", actor=actor, now=now, expected=0)


@pytest.mark.parametrize(
    "alias",
    ["", "latest", "LATEST", "1", "v1", "V12", "a b", "a/b", "a@b", "a.b", "x" * 256],
)
def test_a_bad_alias_is_refused(
    register: Register, actor: Actor, now: int, alias: str
) -> None:
    version = register()
    with pytest.raises(InvalidValue):
        registry.move_alias(version, alias, actor=actor, now=now)
    assert not version.aliases.exists()


def test_a_version_with_an_alias_is_not_deleted(
    register: Register, actor: Actor, now: int
) -> None:
    version = register()
    registry.move_alias(version, "champion", actor=actor, now=now)
    with pytest.raises(InvalidState, match="@champion"):
        registry.delete_version(version, actor=actor, now=now)
    registry.remove_alias(version.model, "champion", actor=actor, now=now)
    registry.delete_version(version, actor=actor, now=now)
    assert not ModelVersion.objects.exists()


def test_a_version_is_described_and_tagged(
    model: RegisteredModel, register: Register, actor: Actor, now: int
) -> None:
    version = register()
    registry.update_version(version, "good", actor=actor, now=now)
    registry.set_version_tag(version, "k", "v", actor=actor, now=now)
    assert last_change(model) == ("versions.1.tags.k", None, {"value": "v"})
    assert registry.delete_version_tag(version, "k", actor=actor, now=now)
