"""Custom views over REST."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from runs.actions.actor import SERVER, Actor
from runs.models import Role, View, now_ms
from tests.access.people import bearer, make_member, space, token_of
from tests.api.rest import Rest

STATE = {"q": "status:failed", "columns": ["name", "status"], "children": True}


def make(rest: Rest, **more: Any) -> Any:
    return rest.ok("POST", "views", {"name": "Sweep", "state": STATE, **more}, 201)


def other(rest: Rest, name: str = "ben", role: Role = Role.CONTRIBUTOR) -> Rest:
    """Another member of the same workspace."""
    user = make_member(rest.workspace, name, role)
    _token, secret = token_of(user, rest.workspace)
    client = Client(headers=bearer(secret), raise_request_exception=False)
    return Rest(client, rest.workspace, user)


def test_a_view_is_created_read_changed_and_deleted(rest: Rest) -> None:
    made = make(rest, description="why")
    path = f"views/{made['slug']}"
    assert made["state"]["columns"] == "name,status"
    assert rest.get(path)["query"] == "q=status:Failed&columns=name,status&children=1"
    body = {"name": "B", "state": {"q": "tag:x"}, "revision": 1}
    changed = rest.ok("PATCH", path, body)
    assert (changed["name"], changed["revision"]) == ("B", 2)
    assert changed["state"] == {"q": "tag:x"}
    rest.ok("DELETE", path)
    assert rest.refused("GET", path)[0] == 404
    assert rest.post(f"{path}/restore")["name"] == "B"


def test_a_conflicting_save_is_refused_with_the_differences(rest: Rest) -> None:
    path = f"views/{make(rest, shared=True)['slug']}"
    ben = other(rest)
    ben.ok("PATCH", path, {"state": {"q": "tag:y"}, "revision": 1})
    body = {"state": {"q": "tag:z"}, "revision": 1}
    status, error = rest.refused("PATCH", path, body)
    assert (status, error["now"], error["by"]) == (409, 2, "ben")
    assert "−1 filter" in error["summary"]
    assert rest.get(path)["state"] == {"q": "tag:y"}


def test_a_view_is_moved_to_another_list(rest: Rest) -> None:
    rest.new_run("r1")
    path = f"views/{make(rest)['slug']}"
    state = rest.get(path)["state"]
    moved = rest.ok("PATCH", path, {"experiment": "digits", "revision": 1})
    assert (moved["experiment"], moved["revision"]) == ("digits", 2)
    assert rest.refused("PATCH", path, {"experiment": None, "revision": 1})[0] == 409
    assert rest.refused("PATCH", path, {"experiment": "nowhere"})[0] == 400
    back = rest.ok("PATCH", path, {"experiment": None})
    assert (back["experiment"], back["state"]) == (None, state)


def test_revisions_are_listed_compared_and_restored(rest: Rest) -> None:
    path = f"views/{make(rest)['slug']}"
    rest.ok("PATCH", path, {"state": {"q": "tag:y"}})
    numbers = [r["number"] for r in rest.get(f"{path}/revisions")["revisions"]]
    assert numbers == [2, 1]
    diff = rest.get(f"{path}/diff", old=1)
    parts = {each["part"] for each in diff["differences"]}
    assert {"filter", "column", "children"} <= parts
    assert diff["differences"][0]["text"] == "−filter: status:Failed"
    back = rest.post(f"{path}/revisions/1/restore")
    assert (back["revision"], back["state"]["q"]) == (3, "status:Failed")
    assert rest.get(f"{path}/revisions/3")["restored"] == 1


@pytest.mark.parametrize(
    "body",
    [
        {"name": ""},
        {"name": "a", "state": {"q": "status:"}},
        {"name": "a", "state": {"columns": "nonsense"}},
        {"name": "a", "experiment": "nowhere"},
        {"name": "a", "hue": 1},
    ],
)
def test_an_invalid_view_is_refused(rest: Rest, body: Any) -> None:
    assert rest.refused("POST", "views", body)[0] == 400
    assert not View.objects.exists()


def test_a_view_reports_deleted_items_that_it_names(rest: Rest) -> None:
    rest.new_run("r1")
    state = {"columns": ["name", "metrics.lost"], "selected": ["r1", "r2"]}
    made = make(rest, state=state, experiment="digits")
    rest.ok("DELETE", "experiments/1")
    missing = " ".join(rest.get(f"views/{made['slug']}")["missing"])
    for name in ("digits", "metrics.lost", "r1, r2"):
        assert name in missing


def test_readers_keep_private_views_and_share_none(rest: Rest) -> None:
    reader = other(rest, "rea", Role.READER)
    own = make(reader)
    assert reader.refused("POST", "views", {"name": "a", "shared": True})[0] == 403
    path = f"views/{own['slug']}"
    assert reader.refused("PATCH", path, {"shared": True})[0] == 403
    shared = f"views/{make(rest, shared=True)['slug']}"
    assert reader.refused("PATCH", shared, {"name": "mine"})[0] == 403
    assert reader.ok("PUT", f"{shared}/star")["starred"]
    assert reader.get(shared)["starred"]


def test_a_locked_view_cannot_be_changed_by_others(rest: Rest) -> None:
    path = f"views/{make(rest, shared=True)['slug']}"
    rest.ok("PATCH", path, {"locked": True})
    ben = other(rest)
    status, error = ben.refused("PATCH", path, {"state": {}})
    assert (status, "locked this view" in error["message"]) == (403, True)
    assert ben.refused("PATCH", path, {"locked": False})[0] == 403
    assert ben.refused("DELETE", path)[0] == 403
    boss = other(rest, "boss", Role.OWNER)
    assert boss.ok("PATCH", path, {"locked": False})["locked"] is False
    assert boss.refused("PATCH", path, {"shared": False})[0] == 403


def test_others_cannot_see_a_private_view(rest: Rest) -> None:
    rest.new_run("r1")
    slug = make(rest, name="hush hush")["slug"]
    boss = other(rest, "boss", Role.OWNER)
    for method, path, body in (
        ("GET", "", None),
        ("PATCH", "", {"name": "a"}),
        ("DELETE", "", None),
        ("POST", "/restore", None),
        ("PUT", "/star", None),
        ("POST", "/clone", {"workspace": "lab"}),
        ("GET", "/diff?old=1", None),
        ("GET", "/revisions", None),
        ("GET", "/revisions/1", None),
        ("POST", "/revisions/1/restore", None),
    ):
        status, error = boss.refused(method, f"views/{slug}{path}", body)
        assert (status, error["code"]) == (404, "NotFound"), path
        unknown = boss.refused(method, f"views/aaaaaaaaaa{path}", body)
        assert unknown == (status, error), path
    assert boss.refused("PUT", "views/default", {"view": slug})[0] == 404
    assert boss.get("views", find="hush")["views"] == []


def test_a_copy_in_another_workspace_is_private(rest: Rest) -> None:
    rest.new_run("r1")
    made = make(rest, shared=True, experiment="digits")
    there = space("there")
    path = f"views/{made['slug']}/clone"
    assert rest.refused("POST", path, {"workspace": "there"})[0] == 404
    from runs.actions.account.accounts import add_member

    add_member(there, rest.user, Role.READER, actor=SERVER, now=now_ms())
    copy = rest.ok("POST", path, {"workspace": "there"}, 201)
    kept = View.objects.get(slug=copy["slug"])
    assert (kept.workspace, kept.shared, kept.spec) == (there, False, made["state"])
    assert "digits" in copy["missing"][0]


def test_the_default_view_of_a_list_is_set_and_read(rest: Rest) -> None:
    slug = make(rest, shared=True)["slug"]
    assert rest.get("views/default") == {"view": None}
    assert rest.ok("PUT", "views/default", {"view": slug}) == {"view": slug}
    workspace_default = {"view": slug, "everybody": True}
    assert rest.refused("PUT", "views/default", workspace_default)[0] == 403
    assert other(rest).get("views/default") == {"view": None}
    assert rest.ok("PUT", "views/default", {"view": None}) == {"view": None}


def test_ten_thousand_views_are_listed_in_pages(rest: Rest) -> None:
    actor = Actor(rest.user)
    View.objects.bulk_create(
        View(
            workspace=rest.workspace,
            slug=f"{n:010}",
            name=f"v{n}",
            spec={},
            owner=actor.user,
            created=0,
            updated=0,
        )
        for n in range(10_000)
    )
    first = rest.get("views", limit=1000)
    second = rest.get("views", limit=1000, after=first["after"])
    assert first["views"][-1]["name"] == "v9000"
    assert second["views"][0]["name"] == "v8999"
