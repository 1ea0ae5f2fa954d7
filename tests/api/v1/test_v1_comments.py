"""Comments over REST, as the SDK and the command line use it."""

from __future__ import annotations

import pytest

from tests.api.rest import Rest


@pytest.fixture
def place(rest: Rest) -> str:
    rest.ok("POST", "runs", {"experiment": "e", "id": "talked"}, 201)
    return "runs/talked/comments"


def test_a_run_and_an_export_of_runs_have_the_comments(rest: Rest, place: str) -> None:
    made = [rest.ok("POST", place, {"text": text}, 201) for text in ("first", "second")]
    assert rest.get("runs/talked?comments=1")["comments"] == made
    assert "comments" not in rest.get("runs/talked")
    found = rest.get("runs?q=second&columns=comment")["runs"]
    who = made[0]["author"]
    assert [each["values"]["comment"] for each in found] == [
        f"{who}: first\n\n{who}: second"
    ]


def test_a_comment_is_added_changed_and_deleted(rest: Rest, place: str) -> None:
    made = rest.ok("POST", place, {"text": "hello"}, 201)
    assert rest.get(place) == {"comments": [made], "after": ""}
    number = made["id"]
    edit = {"text": "bye", "seen": "hello"}
    changed = rest.ok("PATCH", f"comments/{number}", edit)
    assert (changed["text"], changed["edited"] is None) == ("bye", False)
    status, error = rest.refused("PATCH", f"comments/{number}", edit | {"text": "x"})
    assert (status, error["code"], error["now"]) == (409, "Conflict", "bye")
    rest.ok("DELETE", f"comments/{number}")
    assert rest.get(place)["comments"] == []
    assert rest.refused("DELETE", f"comments/{number}")[0] == 404
    rest.ok("POST", "undo", {})
    assert [each["text"] for each in rest.get(place)["comments"]] == ["bye"]


def test_comments_are_paged(rest: Rest, place: str) -> None:
    for number in range(101):
        rest.ok("POST", place, {"text": f"{number}"}, 201)
    first = rest.get(place)
    rest_of = rest.get(place, after=first["after"])
    assert [len(first["comments"]), len(rest_of["comments"])] == [100, 1]
    assert rest_of["after"] == ""
    assert rest.refused("GET", f"{place}?after=x")[0] == 400


@pytest.mark.parametrize("body", [{}, {"text": ""}, {"text": 1}, {"text": "a\x00"}])
def test_a_bad_comment_is_refused(rest: Rest, place: str, body: object) -> None:
    assert rest.refused("POST", place, body)[0] == 400


def test_a_view_has_comments(rest: Rest) -> None:
    slug = rest.ok("POST", "views", {"name": "v"}, 201)["slug"]
    made = rest.ok("POST", f"views/{slug}/comments", {"text": "look"}, 201)
    assert rest.get(f"views/{slug}/comments")["comments"] == [made]
