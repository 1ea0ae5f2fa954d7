"""Views as YAML over REST: out, in, what would change; broken and hostile files."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from runs.models import Experiment, Role, View
from tests.api.rest import Rest
from tests.api.v1.test_v1_views import make, other

STATE = {"q": "status:Failed", "columns": "name,status"}


def exported(rest: Rest, **query: str) -> str:
    answer = rest.client.get(rest.url("views/export"), query)
    assert answer.headers["Content-Type"].startswith("application/yaml")
    return str(answer.content.decode())


def apply(rest: Rest, text: str, **more: Any) -> Any:
    return rest.post("views/apply", yaml=text, **more)


def test_applying_an_unchanged_export_changes_nothing(rest: Rest) -> None:
    rest.new_run("r1")
    make(rest, shared=True, description="**why**\nso", experiment="digits")
    make(rest, name="蒸馏: own", state={"q": 'tag:"a, b"', "selected": "r1,,r2"})
    text = exported(rest)
    assert yaml.safe_load(text)["views"][0]["state"]["columns"] == ["name", "status"]
    applied = apply(rest, text)
    assert [view["action"] for view in applied["views"]] == ["unchanged"] * 2
    assert View.objects.count() == 2


def test_a_file_creates_and_changes_views_after_a_preview(rest: Rest) -> None:
    slug = make(rest, state=STATE)["slug"]
    text = exported(rest).replace("- status", "- duration").replace("Failed", "Queued")
    text += "- name: New\n  shared: true\n  state: {q: tag:x}\n"
    applied = apply(rest, text, dry=True)
    assert [view["action"] for view in applied["views"]] == ["changed", "created"]
    assert "−filter: status:Failed" in applied["views"][0]["differences"]
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
        "views:\n" + "".join(" " * n + "-\n" for n in range(1, 1000)),
        "? [a]\n: b",
        "views: [{? {a: b} : c}]",
        "views: [{true: 1, name: a}]",
        "views: [{name: a, state: {~: 1}}]",
        "views: [{name: a, shared: !!bool maybe}]",
        "views: [{name: a, description: !!timestamp x}]",
        "views: !!omap [a: b]",
        "views: [{name: a, state: {rows: !!int 3}}]",
        r'views: [{name: "\ud800"}]',
        r'views: [{name: a, "\ud800": 1}]',
        r'views: [{name: a, state: {selected: ["\ud800"]}}]',
        r'views: [{name: a, state: {q: "\udfff"}}]',
        r'views: [{name: a, state: {tree: "\0"}}]',
        r'views: [{name: a, slug: "\0", experiment: "\0"}]',
        "views: [{name: a, state: {rows: 0x" + "f" * 9000 + "}}]",
        "views: [{name: a, state: {q: 1" + ":59" * 999 + ".5, rows: 7}}]",
        "views: [{name: a, slug: s}, {name: b, slug: s}]",
        "views: [{name: a, state: {<<: {rows: 25}}}]",
    ],
)
def test_the_error_in_a_broken_file_is_named_and_nothing_changes(
    rest: Rest, text: str
) -> None:
    status, error = rest.refused("POST", "views/apply", {"yaml": text})
    assert (status, bool(error["message"])) == (400, True)
    assert "\n" not in error["message"]
    assert not View.objects.exists()


def test_unquoted_numbers_and_dates_stay_text(rest: Rest) -> None:
    apply(rest, "views: [{name: 2024-01-01, state: {rows: 25, q: 2024}}]")
    view = View.objects.get()
    assert (view.name, view.spec) == ("2024-01-01", {"q": "2024", "rows": "25"})


def test_views_with_the_same_name_are_kept_apart(rest: Rest) -> None:
    """Also where their slugs are those of another server."""
    for query in ("tag:x", "tag:y"):
        make(rest, name="Copy", state={"q": query})
    text = exported(rest)
    assert [v["action"] for v in apply(rest, text)["views"]] == ["unchanged"] * 2
    View.objects.all().delete()
    assert [v["action"] for v in apply(rest, text)["views"]] == ["created"] * 2
    assert [v["action"] for v in apply(rest, text)["views"]] == ["unchanged"] * 2
    found = {view["state"]["q"] for view in rest.get("views")["views"]}
    assert found == {"tag:x", "tag:y"}


def test_an_entry_without_a_slug_does_not_match_a_view_that_another_entry_names(
    rest: Rest,
) -> None:
    slug = make(rest, name="Old")["slug"]
    text = f"views: [{{name: Old, state: {{q: tag:new}}}}, {{name: New, slug: {slug}}}]"
    applied = apply(rest, text)["views"]
    assert [view["action"] for view in applied] == ["created", "changed"]
    assert applied[1]["slug"] == slug


@pytest.mark.parametrize("is_purged", [False, True])
def test_a_view_keeps_its_deleted_experiment(rest: Rest, is_purged: bool) -> None:
    rest.ok("POST", "experiments", {"name": "gone"}, 201)
    make(rest, experiment="gone")
    text = exported(rest)
    Experiment.objects.filter(name="gone").update(deleted=1)
    if is_purged:
        Experiment.objects.filter(name="gone").delete()
    assert exported(rest) == text
    assert apply(rest, text)["views"][0]["action"] == "unchanged"
    changed = apply(rest, text.replace("- status", "- duration"))["views"][0]
    assert changed["summary"] == "−1 column, +1 column"
    View.objects.all().delete()
    _status, error = rest.refused("POST", "views/apply", {"yaml": text})
    what = "Create it" if is_purged else "Restore it"
    assert f"{what}, use another name, or leave it out" in error["message"]


def test_a_view_file_has_a_size_limit(rest: Rest) -> None:
    text = "views:\n" + "- {name: a}\n" * 1001
    assert rest.refused("POST", "views/apply", {"yaml": text})[0] == 400
    big = {"yaml": "#" * (2 << 20) + "\nviews: []"}
    assert rest.refused("POST", "views/apply", big)[0] == 413


def test_a_file_changes_only_views_that_its_sender_can_edit(rest: Rest) -> None:
    own = make(rest, name="hush")["slug"]
    locked = make(rest, name="held", shared=True, locked=True)["slug"]
    ben = other(rest, "ben")
    assert "hush" not in exported(ben)
    entry = f"views: [{{name: mine, slug: {own}, state: {{}}}}]"
    applied = apply(ben, entry)
    assert applied["views"][0]["action"] == "created"
    assert applied["views"][0]["slug"] != own
    held = f"views: [{{name: held, slug: {locked}, shared: true, state: {{}}}}]"
    assert ben.refused("POST", "views/apply", {"yaml": held})[0] == 403
    reader = other(rest, "rea", Role.READER)
    shared = {"yaml": "views: [{name: a, shared: true}]"}
    assert reader.refused("POST", "views/apply", shared)[0] == 403


def test_an_incomplete_export_says_so(
    rest: Rest, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b", "c"):
        make(rest, name=name)
    assert exported(rest).startswith("views:")
    monkeypatch.setattr("runs.api.v1.view_yaml_format.MAX_VIEWS", 2)
    text = exported(rest)
    assert text.startswith("# The first 2 of 3 views by name")
    assert [view["name"] for view in yaml.safe_load(text)["views"]] == ["a", "b"]
    applied = apply(rest, text)
    assert {view["action"] for view in applied["views"]} == {"unchanged"}
    assert exported(rest, find="c").startswith("views:")
