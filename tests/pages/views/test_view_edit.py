"""The form of a view: two people at once, and the description's preview."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from runs.models import User, View
from tests.access.people import browser_of
from tests.pages.rows import ALL, HTMX
from tests.pages.views.view_rows import VIEWS

pytestmark = pytest.mark.django_db


def seen_in(page: Any) -> str:
    found = re.search(r'name="seen" value="([^"]+)"', page.text)
    assert found
    return found[1]


def test_a_conflicting_edit_shows_the_text_of_the_first_editor(
    visitor: Client, make_view: Any, ben: User
) -> None:
    view = make_view(shared=True)
    path = f"{VIEWS}{view.slug}/edit/"
    mine = {"seen": seen_in(visitor.get(path)), "name": "Mine", "shared": "1"}
    his = {"seen": mine["seen"], "name": "His", "description": "by ben"}
    assert browser_of(ben).post(path, his).status_code == 302
    asked = visitor.post(path, mine)
    assert asked.status_code == 422
    assert "ben changed this view since you opened it" in asked.text
    assert "Name: His" in asked.text
    assert "Description: by ben" in asked.text
    assert 'name="name" value="Mine"' in asked.text
    view.refresh_from_db()
    assert (view.name, view.description) == ("His", "by ben")
    assert visitor.post(path, mine | {"seen": seen_in(asked)}).status_code == 302
    view.refresh_from_db()
    assert view.name == "Mine"


def test_an_identical_save_causes_no_conflict(
    visitor: Client, make_view: Any, ben: User
) -> None:
    view = make_view(shared=True)
    path = f"{VIEWS}{view.slug}/edit/"
    sent = {"seen": seen_in(visitor.get(path)), "name": "Same", "shared": "1"}
    assert browser_of(ben).post(path, sent).status_code == 302
    assert visitor.post(path, sent).status_code == 302


def test_a_preview_keeps_the_conflict_detection(
    visitor: Client, make_view: Any, ben: User
) -> None:
    view = make_view(shared=True)
    path = f"{VIEWS}{view.slug}/edit/"
    sent = {"seen": seen_in(visitor.get(path)), "name": "His", "description": "a"}
    assert visitor.post(path, sent | {"shared": "1"}).status_code == 302
    page = browser_of(ben).post(path, sent | {"name": "Mine", "preview": "1"})
    assert seen_in(page) == sent["seen"]
    assert "Everyone in default" in page.text
    mine = {"seen": seen_in(page), "name": "Mine"}
    assert browser_of(ben).post(path, mine).status_code == 422


def test_readers_see_no_controls_that_change_a_view(make_view: Any, ben: User) -> None:
    view = make_view(shared=True, locked=True)
    free = make_view(name="Free", shared=True)
    his = browser_of(ben)
    form = his.get(f"{VIEWS}{view.slug}/edit/").text
    assert "ada locked this view" in form
    assert "Delete" not in form
    listed = his.get(VIEWS).text
    assert f"{VIEWS}{free.slug}/delete/" in listed
    assert f"{VIEWS}{view.slug}/delete/" not in listed
    assert f"{VIEWS}{view.slug}/edit/" not in listed


@pytest.mark.parametrize("part", ["selected=a%00b", "tree=%00", "group=tags.a%00"])
def test_invalid_characters_are_not_saved(visitor: Client, part: str) -> None:
    assert visitor.get(f"{ALL}?{part}").status_code == 200
    sent = {"name": "a", "state": part}
    answer = visitor.post(f"{VIEWS}new/", sent)
    assert (answer.status_code, "NUL character" in answer.text) == (400, True)
    assert not View.objects.exists()


@pytest.mark.parametrize("is_new", [False, True])
def test_the_description_is_previewed_and_nothing_saved(
    visitor: Client, make_view: Any, is_new: bool
) -> None:
    view = make_view(shared=True)
    path = f"{VIEWS}new/" if is_new else f"{VIEWS}{view.slug}/edit/"
    sent = {"name": "B", "description": "**bold**", "preview": "1", "state": "q=tag:x"}
    part = visitor.post(path, sent, headers=HTMX)
    assert part.text.strip() == '<div class="prose"><p><strong>bold</strong></p></div>'
    page = visitor.post(path, sent)
    assert page.status_code == 200
    assert "<strong>bold</strong>" in page.text
    assert "**bold**</textarea>" in page.text
    assert 'name="name" value="B"' in page.text
    assert View.objects.get().name == "Sweep"


@pytest.mark.parametrize("form", ["share", "edit"])
def test_sharing_a_view_with_me_continues_with_the_shared_state(
    visitor: Client, make_view: Any, owner: User, form: str
) -> None:
    view = make_view("mine=1&sort=name", "Mine")
    page = visitor.get(f"/v/{view.slug}/?sort=-name")
    sent = {"back": page.context["back"], "name": "Mine", "shared": "1"}
    answer = visitor.post(f"{VIEWS}{view.slug}/{form}/", sent)
    there = visitor.get(answer["Location"])
    assert there.context["view_changed"] == "sort"
    assert there.context["view_is_stale"] is False
    assert there.context["share_text"].endswith(f"/v/{view.slug}/?sort=-name")
    assert f"q=submitter:{owner.username}" in answer["Location"]
