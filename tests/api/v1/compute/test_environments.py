"""Registered environments: versions count up, and the same content is one version."""

from __future__ import annotations

from typing import Any

import pytest

from runs.actions.account import create_workspace
from runs.actions.actor import SERVER
from runs.actions.submit import environments as limits
from runs.actions.submit import find_environment
from runs.models import ChangeSet
from studio.core.errors import NotFound
from tests.api.v1.compute.scene import Scene

PIP = {"python": {"condaDependencies": {"dependencies": [{"pip": ["numpy"]}]}}}
TORCH = {"python": {"condaDependencies": {"dependencies": [{"pip": ["torch"]}]}}}


def register(
    scene: Scene, name: str = "trees", content: Any = PIP, status: int = 201
) -> Any:
    path, body = f"environments/{name}", {"definition": content}
    return scene.member.ok("POST", path, body, status)


def test_versions_count_up(scene: Scene) -> None:
    assert register(scene)["version"] == 1
    assert register(scene, content=TORCH)["version"] == 2
    found = scene.member.get("environments/trees")
    assert (found["version"], found["versions"]) == (2, [2, 1])
    assert found["definition"] == {"name": "trees", "version": "2", **TORCH}


def test_the_same_content_is_the_same_version(scene: Scene) -> None:
    register(scene)
    register(scene, content=TORCH)
    again = register(scene, content={"version": "9", **PIP, "name": "x"}, status=200)
    assert again["version"] == 1


def test_one_version_can_be_read(scene: Scene) -> None:
    register(scene)
    register(scene, content=TORCH)
    first = scene.member.get("environments/trees/versions/1")
    assert first["definition"]["python"] == PIP["python"]


def test_each_environment_is_listed_once(scene: Scene) -> None:
    register(scene)
    register(scene, content=TORCH)
    register(scene, "images")
    listed = scene.member.get("environments")["environments"]
    assert [(one["name"], one["version"]) for one in listed] == [
        ("images", 1),
        ("trees", 2),
    ]
    assert listed[0]["created_by"] == "ben"


def test_another_workspace_has_its_own(scene: Scene) -> None:
    register(scene)
    assert scene.member.get("environments")["environments"]
    other = create_workspace("other", actor=SERVER, now=1)
    with pytest.raises(NotFound, match=r"no environment 'trees'\. To add one"):
        find_environment(other, "trees")


def test_an_unknown_name_lists_what_exists(scene: Scene) -> None:
    register(scene)
    status, error = scene.member.refused("GET", "environments/forest")
    assert (status, error["code"]) == (404, "NotFound")
    assert "It has: trees." in error["message"]
    status, error = scene.member.refused("GET", "environments/trees/versions/7")
    assert "has no version 7. Its newest version is 1." in error["message"]


@pytest.mark.parametrize("name", ["-x", "a b", "ä", "%00", "..", "x" * 256, "<b>"])
def test_a_name_that_is_no_name_is_refused(scene: Scene, name: str) -> None:
    path = f"environments/{name}"
    status, _error = scene.member.refused("POST", path, {"definition": PIP})
    assert status in (400, 404)
    assert scene.member.refused("GET", path)[0] == 404


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ({"environmentVariables": {"1A": "x"}}, "definition.environmentVariables"),
        ({"environmentVariables": {"A": []}}, "definition.environmentVariables.A"),
        ({"python": 5}, "definition.python"),
        ({"notes": "x" * 70_000}, "definition"),
        ([], "definition"),
    ],
)
def test_content_that_no_run_can_have_is_refused(
    scene: Scene, content: Any, field: str
) -> None:
    path = "environments/trees"
    status, error = scene.member.refused("POST", path, {"definition": content})
    assert (status, error["field"]) == (400, field)


def test_the_number_of_versions_is_limited(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_VERSIONS", 1)
    register(scene)
    body = {"definition": TORCH}
    status, error = scene.member.refused("POST", "environments/trees", body)
    assert (status, error["code"]) == (409, "InvalidState")
    register(scene, status=200)


def test_an_owner_deletes_all_versions(scene: Scene) -> None:
    register(scene)
    register(scene, content=TORCH)
    assert scene.owner.ok("DELETE", "environments/trees") == {"removed": 2}
    assert scene.member.get("environments") == {"environments": []}
    assert scene.owner.refused("DELETE", "environments/trees")[0] == 404


def test_registration_and_deletion_are_recorded(scene: Scene) -> None:
    register(scene)
    scene.owner.ok("DELETE", "environments/trees")
    sets = ChangeSet.objects.filter(action="environments").order_by("pk")
    changes = [one.changes.get() for one in sets]
    assert [(c.field, c.before, c.after) for c in changes] == [
        ("environments.trees", None, 1),
        ("environments.trees", 1, None),
    ]
    assert [one.actor for one in sets] == [scene.member.user, scene.owner.user]
