"""Views as YAML over REST: out, in, what would change; broken and hostile files."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from runs.models import Role, View
from tests.api.rest import Rest
from tests.api.test_v1_views import make, other

STATE = {"q": "status:Failed", "columns": "name,status"}


def exported(rest: Rest, **query: str) -> str:
    answer = rest.client.get(rest.url("views/export"), query)
    assert answer.headers["Content-Type"].startswith("application/yaml")
    return str(answer.content.decode())


def apply(rest: Rest, text: str, **more: Any) -> Any:
    return rest.post("views/apply", yaml=text, **more)


def test_what_was_exported_changes_nothing(rest: Rest) -> None:
    rest.new_run("r1")
    make(rest, shared=True, description="**why**\nso", experiment="digits")
    make(rest, name="蒸馏: own", state={"q": 'tag:"a, b"', "selected": "r1,,r2"})
    text = exported(rest)
    assert yaml.safe_load(text)["views"][0]["state"]["columns"] == ["name", "status"]
    told = apply(rest, text)
    assert [view["action"] for view in told["views"]] == ["unchanged"] * 2
    assert View.objects.count() == 2


def test_a_file_changes_makes_and_shows_before_it_does(rest: Rest) -> None:
    slug = make(rest, state=STATE)["slug"]
    text = exported(rest).replace("- status", "- duration").replace("Failed", "Queued")
    text += "- name: New\n  shared: true\n  state: {q: tag:x}\n"
    told = apply(rest, text, dry=True)
    assert [view["action"] for view in told["views"]] == ["changed", "created"]
    assert "−filter: status:Failed" in told["views"][0]["differences"]
    assert rest.get(f"views/{slug}")["revision"] == 1
    assert View.objects.count() == 1
    apply(rest, text)
    assert rest.get(f"views/{slug}")["state"]["columns"] == "name,duration"
    assert rest.get(f"views/{slug}")["revision"] == 2
    again = apply(rest, text)
    assert {view["action"] for view in again["views"]} == {"unchanged"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "views: 3",
        "views: [{name: a, hue: 1}]",
        "views: [{state: {}}]",
        "views: [{name: a, state: {q: 'status:'}}]",
        "views: [{name: a, state: {columns: hue}}]",
        "views: [{name: a, name: b}]",
        "views: [{name: a}, {name: ''}]",
        "views: [{name: a}",
        "a: &a [x]\nviews: [*a, *a]",
        "!!python/object/apply:os.system [ls]",
        "views: [{name: a, experiment: nowhere}]",
        "\x00",
        "[" * 3000,
    ],
)
def test_a_broken_file_is_named_and_changes_nothing(rest: Rest, text: str) -> None:
    status, error = rest.refused("POST", "views/apply", {"yaml": text})
    assert (status, bool(error["message"])) == (400, True)
    assert not View.objects.exists()


def test_a_file_is_bounded(rest: Rest) -> None:
    text = "views:\n" + "- {name: a}\n" * 1001
    assert rest.refused("POST", "views/apply", {"yaml": text})[0] == 400
    big = {"yaml": "#" * (2 << 20) + "\nviews: []"}
    assert rest.refused("POST", "views/apply", big)[0] == 413


def test_a_file_changes_what_its_sender_may(rest: Rest) -> None:
    own = make(rest, name="hush")["slug"]
    locked = make(rest, name="held", shared=True, locked=True)["slug"]
    ben = other(rest, "ben")
    assert "hush" not in exported(ben)
    entry = f"views: [{{name: mine, slug: {own}, state: {{}}}}]"
    told = apply(ben, entry)
    assert told["views"][0]["action"] == "created"
    assert told["views"][0]["slug"] != own
    held = f"views: [{{name: held, slug: {locked}, shared: true, state: {{}}}}]"
    assert ben.refused("POST", "views/apply", {"yaml": held})[0] == 403
    reader = other(rest, "rea", Role.READER)
    shared = {"yaml": "views: [{name: a, shared: true}]"}
    assert reader.refused("POST", "views/apply", shared)[0] == 403
