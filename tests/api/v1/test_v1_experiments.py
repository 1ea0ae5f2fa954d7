"""Experiments over REST."""

from __future__ import annotations

import pytest

from tests.api.rest import Rest


def make(rest: Rest, name: str, **more: object) -> int:
    body = {"name": name, **more}
    number: int = rest.ok("POST", "experiments", body, 201)["id"]
    return number


def test_get_or_create_returns_the_existing_experiment(rest: Rest) -> None:
    number = make(rest, "/Shared/YOLOv8", tags={"team": "nlp"}, description="why")
    again = rest.ok("POST", "experiments", {"name": "/Shared/YOLOv8"}, 200)
    assert (again["id"], again["tags"], again["description"]) == (
        number,
        {"team": "nlp"},
        "why",
    )


def test_the_name_of_a_deleted_experiment_is_taken(rest: Rest) -> None:
    number = make(rest, "a")
    assert rest.ok("DELETE", f"experiments/{number}")["deleted"]
    status, error = rest.refused("POST", "experiments", {"name": "a"})
    assert (status, error["code"], error["deleted"]) == (409, "AlreadyExists", True)
    for run in ({"experiment": "a"}, {"experiment_id": number}):
        message = rest.refused("POST", "runs", run)[1]["message"]
        assert message.endswith("in the trash: restore it, or use another name.")
    assert rest.ok("POST", f"experiments/{number}/restore")["deleted"] is None


def test_experiments_are_paged_and_filtered_by_name(rest: Rest) -> None:
    for name in ("a", "b", "c"):
        make(rest, name)
    first = rest.get("experiments", limit=2)
    second = rest.get("experiments", limit=2, after=first["after"])
    names = [e["name"] for e in first["experiments"] + second["experiments"]]
    assert names == ["c", "b", "a", "Default"]
    [only] = rest.get("experiments", name="b")["experiments"]
    assert only["name"] == "b"


def test_deleted_experiments_are_listed_on_request(rest: Rest) -> None:
    rest.ok("DELETE", f"experiments/{make(rest, 'a')}")

    def names(deleted: str) -> list[str]:
        found = rest.get("experiments", deleted=deleted)["experiments"]
        return [experiment["name"] for experiment in found]

    assert (names("no"), names("only")) == (["Default"], ["a"])
    assert names("all") == ["a", "Default"]


def test_name_and_description_are_changed(rest: Rest) -> None:
    number = make(rest, "a")
    body = {"name": "b", "description": "x"}
    changed = rest.ok("PATCH", f"experiments/{number}", body)
    assert (changed["name"], changed["description"]) == ("b", "x")
    status, error = rest.refused("PATCH", f"experiments/{number}", {"name": "Default"})
    assert (status, error["code"]) == (409, "AlreadyExists")


def test_a_partly_invalid_change_changes_nothing(rest: Rest) -> None:
    number = make(rest, "a")
    body = {"name": "b", "description": "x" * 65_537}
    assert rest.refused("PATCH", f"experiments/{number}", body)[0] == 400
    assert rest.get(f"experiments/{number}")["name"] == "a"


def test_the_default_experiment_cannot_be_deleted(rest: Rest) -> None:
    status, error = rest.refused("DELETE", "experiments/0")
    assert (status, error["code"]) == (409, "InvalidState")


def test_tags_are_set_and_removed(rest: Rest) -> None:
    number = make(rest, "a", tags={"x": "1"})
    body = {"set": {"y": None}, "remove": ["x", "z"]}
    edited = rest.ok("POST", f"experiments/{number}/tags", body)
    assert edited == {"tags": {"y": None}}


@pytest.mark.parametrize("number", ["7", "99999999999999999999"])
def test_an_unknown_experiment_is_not_found(rest: Rest, number: str) -> None:
    status, error = rest.refused("GET", f"experiments/{number}")
    assert (status, error["code"]) == (404, "NotFound")
