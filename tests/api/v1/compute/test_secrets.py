"""Secrets: encrypted at rest, never in a reply, and lost with the secret key."""

from __future__ import annotations

from typing import Any

import pytest

from runs.models import Change, Secret
from tests.api.v1.compute.scene import Scene

VALUE = "s3cret value\nin two lines"


@pytest.fixture(autouse=True)
def secret(scene: Scene) -> Any:
    return scene.owner.ok("PUT", "secrets/HF_TOKEN", {"value": VALUE})


def test_no_reply_has_the_value(scene: Scene, secret: Any) -> None:
    listed = scene.member.get("secrets")["secrets"]
    assert listed == [secret]
    assert set(secret) == {"name", "created", "created_by", "changed", "changed_by"}


def test_the_database_has_no_value(scene: Scene) -> None:
    assert b"s3cret" not in bytes(Secret.objects.get().ciphertext)


def test_a_run_gets_the_value(scene: Scene) -> None:
    scene.submit("r1", definition={"secrets": ["HF_TOKEN"]})
    [job] = scene.agent().take_jobs()
    assert job["secrets"] == {"HF_TOKEN": VALUE}


def test_a_new_value_replaces_the_old_one(scene: Scene) -> None:
    scene.owner.ok("PUT", "secrets/HF_TOKEN", {"value": "newer"})
    scene.submit("r1", definition={"secrets": ["HF_TOKEN"]})
    assert scene.agent().take_jobs()[0]["secrets"] == {"HF_TOKEN": "newer"}


def test_a_changed_secret_key_loses_the_values(scene: Scene, settings: Any) -> None:
    scene.submit("r1", definition={"secrets": ["HF_TOKEN"]})
    agent = scene.agent()
    settings.SECRET_KEY = "k" * 60
    assert agent.take() == []
    run = scene.owner.get("runs/r1")
    assert run["status"] == "Failed"
    assert "secret key has changed. An owner must set it again" in run["error"]


@pytest.mark.parametrize("value", ["123", " 12 ", "123\n123\n"])
def test_a_value_that_logs_could_not_hide_is_refused(scene: Scene, value: str) -> None:
    status, error = scene.owner.refused("PUT", "secrets/PIN", {"value": value})
    assert (status, error["code"]) == (400, "InvalidValue")
    assert "no line of 4 characters" in error["message"]
    scene.owner.ok("PUT", "secrets/PIN", {"value": "1234"})


@pytest.mark.parametrize("name", ["1ST", "A-B", "A B"])
def test_names_are_those_of_environment_variables(scene: Scene, name: str) -> None:
    status, error = scene.owner.refused("PUT", f"secrets/{name}", {"value": "x"})
    assert (status, error["code"]) == (400, "InvalidName")


def test_a_deleted_secret_is_gone(scene: Scene) -> None:
    scene.owner.ok("DELETE", "secrets/HF_TOKEN")
    assert scene.owner.refused("DELETE", "secrets/HF_TOKEN")[0] == 404


def test_history_has_who_and_when_but_no_value(scene: Scene) -> None:
    scene.owner.ok("DELETE", "secrets/HF_TOKEN")
    changes = Change.objects.filter(field="secrets.HF_TOKEN").order_by("pk")
    times = [(one.before, one.after) for one in changes]
    assert times[0][0] is None
    assert times[-1] == (times[0][1], None)
    assert {one.change_set.actor for one in changes} == {scene.owner.user}
