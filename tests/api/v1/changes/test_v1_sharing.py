"""Members, invitations, public links, conclusions, stars and goals by REST."""

from __future__ import annotations

import pytest

from runs.models import Experiment, ExperimentStar, Member, MetricGoal, Role
from tests.access.people import make_member
from tests.api.rest import Rest, rest_client


@pytest.fixture
def owner(db: None) -> Rest:
    return rest_client(role=Role.OWNER)


def test_an_owner_changes_and_removes_members(owner: Rest) -> None:
    make_member(owner.workspace, "bo", Role.READER)
    found = {each["name"]: each for each in owner.get("members")["members"]}
    path = f"members/{found['bo']['number']}"
    assert owner.ok("PATCH", path, {"role": "contributor"})["role"] == "contributor"
    assert owner.ok("DELETE", path)["name"] == "bo"
    assert not Member.objects.filter(user__username="bo").exists()
    own = f"members/{found[owner.user.username]['number']}"
    # The last owner stays.
    assert owner.refused("DELETE", own)[0] == 409


def test_an_invitation_shows_its_link_once(owner: Rest) -> None:
    made = owner.ok("POST", "invitations", {"role": "reader"}, 201)
    assert "/invitation/" in made["link"]
    [listed] = owner.get("invitations")["invitations"]
    assert listed == {**made, "link": None}
    owner.ok("DELETE", f"invitations/{made['number']}")
    assert owner.get("invitations")["invitations"] == []


def test_a_run_is_shared_by_a_public_link(owner: Rest) -> None:
    owner.new_run("r")
    made = owner.ok("POST", "public-links", {"run": "r", "note": "for Ann"}, 201)
    assert "/shared/" in made["link"]
    assert [each["run"] for each in owner.get("public-links")["links"]] == ["r"]
    owner.ok("DELETE", f"public-links/{made['number']}")
    assert owner.get("public-links")["links"] == []
    assert owner.refused("POST", "public-links", {})[0] == 400
    assert owner.refused("POST", "public-links", {"run": "r", "feed": True})[0] == 400


def test_a_conclusion_is_of_a_set_of_runs(rest: Rest) -> None:
    rest.new_run("a")
    rest.new_run("b")
    body = {"runs": ["a", "b"], "text": "**b** wins"}
    assert rest.ok("PUT", "conclusion", body)["author"] == rest.user.username
    assert rest.get("conclusion", runs="b,a")["text"] == "**b** wins"
    assert rest.get("conclusion", runs="a")["text"] == ""
    assert rest.refused("GET", "conclusion?runs=a,nosuch")[0] == 404


def test_stars_and_goals_of_an_experiment(rest: Rest) -> None:
    rest.new_run("r")
    point = {"key": "acc", "value": 1.0, "step": 0}
    rest.post("runs/r/metrics", writer="w", sequence=0, points=[point])
    place = Experiment.objects.get(name="digits")
    path = f"experiments/{place.number}"
    rest.ok("PUT", f"{path}/star")
    assert ExperimentStar.objects.count() == 1
    rest.ok("DELETE", f"{path}/star")
    assert not ExperimentStar.objects.exists()
    rest.ok("PUT", f"{path}/goals", {"key": "acc", "goal": "higher"})
    assert MetricGoal.objects.get().higher
    rest.ok("PUT", f"{path}/goals", {"key": "acc", "goal": None})
    assert not MetricGoal.objects.exists()
