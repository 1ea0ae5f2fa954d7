"""Registered environments on the Compute page."""

from __future__ import annotations

import pytest

from runs.actions.actor import Actor
from runs.actions.submit import register_environment
from runs.models import RegisteredEnvironment
from runs.pages.compute import environments
from tests.access.people import Team, browser_of, make_team
from tests.parts.elements import parse_page

pytestmark = pytest.mark.django_db

PAGE = "/w/lab/compute/"


@pytest.fixture
def team() -> Team:
    made = make_team()
    for name, content in (("trees", {}), ("trees", {"a": "1"}), ("images", {})):
        register_environment(
            made.workspace, name, content, actor=Actor(made.contributor), now=1
        )
    return made


def test_the_newest_versions_are_listed_with_their_content(team):
    reader = browser_of(team.reader)
    page = parse_page(reader.get(PAGE))
    links = page.all("#environments li a")
    assert [each.text for each in links] == ["images:1", "trees:2"]
    found = reader.get(links[1]["href"]).json()
    assert found["definition"] == {"name": "trees", "version": "2", "a": "1"}
    assert page.all("#environments .menu") == []


def test_an_owner_deletes_an_environment(team):
    owner = browser_of(team.owner)
    page = parse_page(owner.get(PAGE))
    action = page.all("#environments .menu-item")[1]["formaction"]
    assert owner.post(action, follow=True).status_code == 200
    left = RegisteredEnvironment.objects.values_list("name", flat=True)
    assert list(left) == ["images"]


def test_a_long_list_is_cut(team, monkeypatch):
    monkeypatch.setattr(environments, "MAX_ROWS", 1)
    page = parse_page(browser_of(team.reader).get(PAGE))
    assert len(page.all("#environments li")) == 1
    assert page.one("#environments .count").text == "2"
    assert "The first 1 are shown" in page.one("#environments .card-foot").text


def test_without_environments_there_is_no_card(team):
    RegisteredEnvironment.objects.all().delete()
    assert 'id="environments"' not in browser_of(team.owner).get(PAGE).content.decode()
