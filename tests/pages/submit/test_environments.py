"""The form offers registered environments."""

from __future__ import annotations

from typing import Any

import pytest

from runs.actions.actor import Actor
from runs.actions.submit import delete_environment, register_environment
from tests.access.people import Team
from tests.pages.submit.test_form import (
    NEW,
    browser,
    form_values,
    path_of,
    submitted_run,
    team,
)
from tests.pages.submit.test_submitting import definition_of, newest
from tests.parts.elements import parse_page

__all__ = ["browser", "team"]

pytestmark = pytest.mark.django_db


def content_with(*packages: str) -> dict[str, Any]:
    dependencies = [{"pip": list(packages)}]
    return {
        "environmentVariables": {"A": "1"},
        "python": {"condaDependencies": {"dependencies": dependencies}},
    }


@pytest.fixture(autouse=True)
def registered(team: Team) -> None:
    for packages in (("numpy",), ("numpy", "scipy")):
        register_environment(
            team.workspace,
            "trees",
            content_with(*packages),
            actor=Actor(team.contributor),
            now=1,
        )


def submit(browser, path: str, **changed: Any) -> dict[str, Any]:
    answer = browser.post(path, form_values(browser, path) | changed)
    assert answer.status_code == 302, answer.content
    return definition_of(newest())


def command(browser, **changed: Any) -> dict[str, Any]:
    as_command = {"program": "command", "command": "true", "source": ""}
    return submit(browser, NEW, **as_command, **changed)


def test_the_newest_versions_are_offered(team, browser):
    page = parse_page(browser.get(NEW))
    offered = [each["value"] for each in page.all("#environment option")]
    assert offered == ["", "trees:2"]


def test_a_run_gets_the_chosen_environment(team, browser):
    found = command(browser, environment="trees:2", packages="ignored")
    assert found["environment"] == {
        "name": "trees",
        "version": "2",
        **content_with("numpy", "scipy"),
    }
    shown = parse_page(browser.get(f"/w/lab/runs/{newest().run_id}/"))
    assert "trees:2" in [each.text for each in shown.all("dd")]


def test_a_resubmitted_run_keeps_its_version(team, browser):
    command(browser, environment="trees:1")
    path = path_of(newest())
    delete_environment(team.workspace, "trees", actor=Actor(team.owner), now=2)
    found = submit(browser, path)
    assert found["environment"]["version"] == "1"
    assert found["environment"]["python"] == content_with("numpy")["python"]
    assert found["environmentVariables"] == {"A": "1"}


def test_packages_of_its_own_have_no_version(team, browser):
    command(browser, environment="trees:1")
    path = path_of(newest())
    found = submit(browser, path, environment="")
    assert "version" not in found["environment"]
    assert found["environment"]["python"] == content_with("numpy")["python"]


@pytest.mark.parametrize("chosen", ["trees:3", "forest:1", "trees", ":", "trees:x"])
def test_an_environment_that_is_gone_is_said(team, browser, chosen):
    sent = form_values(browser, NEW) | {
        "program": "command",
        "command": "true",
        "environment": chosen,
    }
    answer = browser.post(NEW, sent)
    assert answer.status_code == 422
    assert "environment" in parse_page(answer).one(".banner").text


def test_a_form_without_environments_has_no_such_field(team, browser):
    delete_environment(team.workspace, "trees", actor=Actor(team.owner), now=2)
    assert 'id="environment"' not in browser.get(NEW).content.decode()
    assert submitted_run(team)
