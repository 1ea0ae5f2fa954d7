"""Changing a model from its page: aliases, tags, versions, and two people at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from runs.actions.account.accounts import add_member
from runs.actions.actor import SERVER, Actor
from runs.actions.registry import move_alias
from runs.models import (
    Experiment,
    ModelAlias,
    ModelVersion,
    RegisteredModel,
    Role,
    User,
    Workspace,
)
from runs.search.registry import versions
from tests.access.people import browser_of, make_person
from tests.pages.registry.model_rows import NAME, ModelWorld, make_world
from tests.pages.rows import HTMX
from tests.parts.elements import one, texts

pytestmark = pytest.mark.django_db

PAGE = f"/w/default/models/{NAME}/"


@pytest.fixture
def browser(owner: User) -> Client:
    return browser_of(owner)


@pytest.fixture
def world(
    experiment: Experiment, actor: Actor, now: int, files_dir: Path
) -> ModelWorld:
    return make_world(experiment, actor, now)


def alias_at(name: str) -> tuple[int, str]:
    alias = ModelAlias.objects.select_related("version").get(name=name)
    return alias.version.number, alias.note


def test_an_alias_is_moved_with_a_note(browser: Client, world: ModelWorld) -> None:
    form = one(browser.get(f"{PAGE}aliases/?alias=champion&version=3"), "#alias-form")
    assert form.one("option[selected]").text == "Version 3"
    sent = {"alias": "champion", "version": "3", "expected": "1", "note": "Better."}
    response = browser.post(f"{PAGE}aliases/", sent)
    assert response.headers["Location"] == PAGE
    assert alias_at("champion") == (3, "Better.")


def test_a_form_offers_an_old_version_that_was_chosen(
    browser: Client, world: ModelWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions, "MAX_NUMBERS", 2)
    form = one(browser.get(f"{PAGE}aliases/?version=1"), "#alias-form")
    options = {
        o.text: "selected" in o.attributes for o in form.all("#alias-version option")
    }
    assert options == {"Version 3": False, "Version 2": False, "Version 1": True}


def test_the_page_below_a_dialog_is_shown_again(
    browser: Client, world: ModelWorld
) -> None:
    sent = {"alias": "new", "version": "2", "expected": "0"}
    response = browser.post(f"{PAGE}aliases/", sent, headers=HTMX)
    assert (response.status_code, response.headers["HX-Refresh"]) == (204, "true")
    assert alias_at("new") == (2, "")


def test_a_form_shows_where_someone_else_moved_the_alias(
    browser: Client, world: ModelWorld, ben: User, now: int
) -> None:
    move_alias(world.versions[1], "champion", note="Mine.", actor=Actor(ben), now=now)
    sent = {"alias": "champion", "version": "3", "expected": "1", "note": "Yours."}
    page = browser.post(f"{PAGE}aliases/", sent)
    assert page.status_code == 422
    assert texts(page, ".both dd")[0].startswith("Version 2: “Mine.” (ben,")
    assert texts(page, ".both dd")[1] == "Version 3: “Yours.”"
    assert alias_at("champion") == (2, "Mine.")
    assert browser.post(f"{PAGE}aliases/", {**sent, "expected": "2"}).status_code == 302
    assert alias_at("champion") == (3, "Yours.")


@pytest.mark.parametrize("alias", ["latest", "v1", "3", "a b", "", "é/", "x" * 256])
def test_a_refused_alias_is_shown_again(
    browser: Client, world: ModelWorld, alias: str
) -> None:
    sent = {"alias": alias, "version": "1", "expected": "0", "note": "n"}
    page = browser.post(f"{PAGE}aliases/", sent)
    assert page.status_code == 422
    assert one(page, ".field-error").text
    assert ModelAlias.objects.count() == 2


def test_an_alias_is_removed(browser: Client, world: ModelWorld) -> None:
    browser.post(f"{PAGE}aliases/remove/", {"alias": "champion"})
    assert not ModelAlias.objects.filter(name="champion").exists()


def test_a_version_is_registered_from_files_of_a_run(
    browser: Client, world: ModelWorld
) -> None:
    sent = {"kind": "run", "run": "train-14", "path": "/outputs/m/", "alias": "next"}
    assert browser.post(f"{PAGE}register/", sent).status_code == 302
    version = ModelVersion.objects.get(number=4)
    assert (version.files_run_id, version.path) == (version.run_id, "outputs/m")
    assert alias_at("next")[0] == 4


def test_a_version_is_registered_from_a_logged_model(
    browser: Client, world: ModelWorld
) -> None:
    logged = world.versions[0].logged_model
    assert logged is not None
    form = one(browser.get(f"{PAGE}register/"), "#register-form")
    assert logged.model_id in [o.attributes["value"] for o in form.all("option")]
    sent = {"kind": "model", "logged_model": logged.model_id}
    assert browser.post(f"{PAGE}register/", sent).status_code == 302
    assert ModelVersion.objects.get(number=4).logged_model_id == logged.pk


@pytest.mark.parametrize(
    "sent",
    [
        {"kind": "run", "run": "nosuch", "path": "m"},
        {"kind": "run", "run": "train-14", "path": "../../etc/passwd"},
        {"kind": "run", "run": "train-14", "path": "a%2e%2e%2fb"},
        {"kind": "run", "run": "../x", "path": ""},
        {"kind": "model", "logged_model": "m-nosuch"},
        {"kind": "model", "logged_model": "file:///etc"},
        {"kind": "run", "run": "train-14", "path": "m", "alias": "latest"},
    ],
)
def test_a_refused_source_registers_nothing(
    browser: Client, world: ModelWorld, sent: dict[str, Any]
) -> None:
    page = browser.post(f"{PAGE}register/", sent)
    assert page.status_code == 422
    assert one(page, ".field-error").text
    assert ModelVersion.objects.count() == 3
    world.model.refresh_from_db()
    assert world.model.last_version == 3


@pytest.mark.parametrize("path", ["", "3/"])
def test_tags_are_set_and_removed(
    browser: Client, world: ModelWorld, path: str
) -> None:
    tags = f"{PAGE}{path}tags/"
    browser.post(tags, {"tag": "a:b: c: d"})
    owner = world.versions[2] if path else world.model
    assert list(owner.tags.values_list("key", "value")) == [("a:b", "c: d")]
    browser.post(tags, {"remove": "a:b"})
    assert not owner.tags.exists()


def test_a_description_is_edited_and_has_versions(
    browser: Client, world: ModelWorld
) -> None:
    form = one(browser.get(f"{PAGE}description/"), "[name=seen]")
    sent = {"text": "**Bold** words", "seen": form.attributes["value"]}
    response = browser.post(f"{PAGE}description/", sent)
    assert response.headers["Location"] == f"{PAGE}details/"
    assert "<strong>Bold</strong>" in browser.get(f"{PAGE}details/").text
    versions = browser.get(f"{PAGE}description/versions/")
    assert versions.status_code == 200
    browser.post(f"{PAGE}description/", {**sent, "text": "other"})
    world.model.refresh_from_db()
    # The second writer saw the empty text.
    assert world.model.description == "**Bold** words"


def test_a_version_is_described_and_staged(browser: Client, world: ModelWorld) -> None:
    seen = one(browser.get(f"{PAGE}2/description/"), "[name=seen]").attributes["value"]
    browser.post(f"{PAGE}2/description/", {"text": "Good.", "seen": seen})
    for number in (1, 2):
        sent = {"stage": "Production", "archive": "1"}
        browser.post(f"{PAGE}{number}/stage/", sent)
    rows = ModelVersion.objects.order_by("number").values_list("stage", "description")
    assert list(rows)[:2] == [("Archived", ""), ("Production", "Good.")]


def test_what_an_alias_points_to_stays(browser: Client, world: ModelWorld) -> None:
    assert "@champion" in one(browser.get(f"{PAGE}1/delete/"), ".field-error").text
    browser.post(f"{PAGE}1/delete/")
    browser.post(f"{PAGE}delete/")
    assert ModelVersion.objects.count() == 3
    browser.post(f"{PAGE}2/delete/")
    assert ModelVersion.objects.count() == 2
    ModelAlias.objects.all().delete()
    assert browser.post(f"{PAGE}delete/").headers["Location"] == "/w/default/models/"
    assert not RegisteredModel.objects.exists()


def test_a_model_is_renamed_and_starred(browser: Client, world: ModelWorld) -> None:
    browser.post(f"{PAGE}star/", {"starred": "1"})
    response = browser.post(f"{PAGE}rename/", {"name": "new name"})
    assert response.headers["Location"] == "/w/default/models/new%20name/"
    page = browser.get("/w/default/models/new%20name/")
    assert one(page, ".model-head .star").attributes["aria-pressed"] == "true"
    assert browser.post(f"{PAGE}rename/", {"name": "x"}).status_code == 404
    refused = browser.post("/w/default/models/new%20name/rename/", {"name": "a/b"})
    assert refused.status_code == 422


def test_readers_get_no_forms(
    world: ModelWorld, workspace: Workspace, now: int
) -> None:
    reader = make_person("rita")
    add_member(workspace, reader, Role.READER, actor=SERVER, now=now)
    browser = browser_of(reader)
    page = browser.get(f"{PAGE}?select=1&select=3")
    assert page.status_code == 200
    for words in ("Register version", "Add alias", "Move @", "Delete"):
        assert words not in page.text
    sent = {"alias": "champion", "version": "3", "expected": "1"}
    assert browser.post(f"{PAGE}aliases/", sent).status_code == 403
    assert alias_at("champion")[0] == 1
