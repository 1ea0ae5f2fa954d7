"""Registered models: names, descriptions, tags, stars, deletion."""

from __future__ import annotations

import pytest

from runs.actions import registry
from runs.actions.actor import Actor
from runs.actions.changes import version_token
from runs.models import Change, ChangeSet, RegisteredModel, User, Workspace
from studio.core.errors import (
    AlreadyExists,
    Conflict,
    InvalidState,
    InvalidValue,
    NotFound,
)
from tests.actions.registry.conftest import Register


def fields(model: RegisteredModel) -> list[tuple[str, object, object]]:
    rows = Change.objects.filter(registered_model=model).order_by("id")
    return [(row.field, row.before, row.after) for row in rows]


def test_a_new_model_has_its_tags_and_a_change(
    workspace: Workspace, actor: Actor, now: int
) -> None:
    model = registry.create_model(
        workspace, "churn", actor=actor, now=now, tags={"team": "a"}, description="x"
    )
    assert dict(model.tags.values_list("key", "value")) == {"team": "a"}
    assert fields(model) == [("created", None, "churn")]


def test_a_name_is_used_once_in_a_workspace(
    model: RegisteredModel, actor: Actor, now: int
) -> None:
    with pytest.raises(AlreadyExists):
        registry.create_model(model.workspace, "churn", actor=actor, now=now)
    other = Workspace.objects.create(name="other")
    assert registry.create_model(other, "churn", actor=actor, now=now).pk


@pytest.mark.parametrize(
    "name",
    ["", " ", "a/b", "a:b", ".", "..", "../x", "a\nb", "a\x00b", "x" * 257, "\ud800"],
)
def test_a_bad_name_is_refused(
    workspace: Workspace, actor: Actor, now: int, name: str
) -> None:
    with pytest.raises(InvalidValue):
        registry.create_model(workspace, name, actor=actor, now=now)
    assert not RegisteredModel.objects.exists()
    assert not ChangeSet.objects.exists()


@pytest.mark.parametrize(
    "name",
    ["模型 1", "a@b", "a?b#c", "50%25", "a\\b", "<b>", "'\"`", "~x", "x" * 256, "a.b"],
)
def test_unusual_characters_are_accepted(
    workspace: Workspace, actor: Actor, now: int, name: str
) -> None:
    assert registry.create_model(workspace, name, actor=actor, now=now).name == name


def test_rename_keeps_the_versions(
    model: RegisteredModel, register: Register, actor: Actor, now: int
) -> None:
    register()
    registry.rename_model(model, "churn2", actor=actor, now=now)
    assert model.versions.count() == 1
    assert fields(model)[-1] == ("name", "churn", "churn2")


def test_rename_to_a_used_name_changes_nothing(
    model: RegisteredModel, actor: Actor, now: int
) -> None:
    registry.create_model(model.workspace, "other", actor=actor, now=now)
    with pytest.raises(AlreadyExists):
        registry.rename_model(model, "other", actor=actor, now=now)
    model.refresh_from_db()
    assert model.name == "churn"


def test_a_description_changed_by_someone_else_is_not_overwritten(
    model: RegisteredModel, actor: Actor, now: int
) -> None:
    seen = version_token(model.description)
    registry.update_model(model, "one", actor=actor, now=now)
    with pytest.raises(Conflict):
        registry.update_model(model, "two", actor=actor, now=now, seen_version=seen)


def test_tags_are_set_and_removed(
    model: RegisteredModel, actor: Actor, now: int
) -> None:
    registry.set_model_tag(model, "team", "a", actor=actor, now=now)
    registry.set_model_tag(model, "team", "b", actor=actor, now=now)
    assert registry.delete_model_tag(model, "team", actor=actor, now=now)
    assert not registry.delete_model_tag(model, "team", actor=actor, now=now)
    assert fields(model)[1:] == [
        ("tags.team", None, {"value": "a"}),
        ("tags.team", {"value": "a"}, {"value": "b"}),
        ("tags.team", {"value": "b"}, None),
    ]


def test_a_star_belongs_to_one_user(
    model: RegisteredModel, owner: User, actor: Actor, now: int
) -> None:
    for on in (True, True, False):
        registry.star_model(model, owner, on, actor=actor, now=now)
    assert not model.stars.exists()
    assert [change[0] for change in fields(model)[1:]] == ["starred", "starred"]


def test_deletion_takes_the_versions_and_is_recorded(
    model: RegisteredModel, register: Register, actor: Actor, now: int
) -> None:
    register()
    registry.delete_model(model, actor=actor, now=now)
    assert not RegisteredModel.objects.exists()
    change = Change.objects.latest("id")
    assert change.before == {"name": "churn", "versions": 1}
    with pytest.raises(NotFound):
        registry.set_model_tag(model, "a", "b", actor=actor, now=now)


def test_a_model_with_an_alias_is_not_deleted(
    model: RegisteredModel, register: Register, actor: Actor, now: int
) -> None:
    registry.move_alias(register(), "champion", actor=actor, now=now)
    with pytest.raises(InvalidState, match="@champion"):
        registry.delete_model(model, actor=actor, now=now)
    assert model.versions.count() == 1
