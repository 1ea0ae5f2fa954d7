"""Which views are offered, opened by default, starred, kept; and to whom none is."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.test import Client

from runs.actions.actor import SERVER, Actor
from runs.actions.experiments.experiments import delete_experiment, rename_experiment
from runs.actions.run_list.selections import (
    SELECTION_DAYS,
    delete_unused_selections,
    save_selection,
)
from runs.actions.views import stars_and_defaults as view_choices
from runs.actions.views import views as actions
from runs.actions.views.views import ViewState
from runs.models import (
    Experiment,
    Run,
    Selection,
    User,
    View,
    Workspace,
    now_ms,
)
from studio.core.view_spec import ViewSpec
from tests.access.people import browser_of
from tests.pages.rows import ALL, HTMX, names
from tests.pages.views.view_rows import VIEWS
from tests.parts.elements import texts

pytestmark = pytest.mark.django_db

DAY = 86_400_000


def test_a_list_opens_with_the_chosen_view(
    visitor: Client, log: Any, make_view: Any, workspace: Workspace, ben: User
) -> None:
    log("good", acc=0.9)
    log("bad", acc=0.1)
    view = make_view(shared=True)
    sent = {"view": view.slug, "everybody": "1"}
    assert browser_of(ben).post(f"{VIEWS}default/", sent).status_code == 403
    visitor.post(f"{VIEWS}default/", sent)
    page = browser_of(ben).get(ALL)
    assert names(page) == ["good"]
    assert f"view={view.slug}.1" in page.context["shown_at"]
    built_in = browser_of(ben).get(f"{ALL}?view=default")
    assert names(built_in) == ["bad", "good"]
    result = visitor.get(ALL, headers={"Accept": "application/json"}).json()
    assert len(result["rows"]) == 2
    view_choices.clear_default_view(
        workspace, None, user=None, actor=SERVER, now=now_ms()
    )
    assert names(browser_of(ben).get(ALL)) == ["bad", "good"]


@pytest.mark.parametrize("is_of_one", [True, False])
def test_opting_out_of_the_default_view_opens_the_built_in_list(
    visitor: Client, make_view: Any, experiment: Experiment, ben: User, is_of_one: bool
) -> None:
    here = experiment if is_of_one else None
    view = make_view(shared=True, experiment=here)
    there = f"/w/default/experiments/{experiment.name}/" if here else ALL
    visitor.post(f"{VIEWS}default/", {"view": view.slug, "everybody": "1"})
    his = browser_of(ben)
    assert "Use the built-in default" in his.get(VIEWS).text
    sent = {"view": "default"} | ({"in": str(experiment.number)} if here else {})
    his.post(f"{VIEWS}default/", sent)
    assert his.get(there).context["view"] is None
    assert visitor.get(there).context["view"] == view
    assert "Use the workspace default again" in his.get(VIEWS).text
    his.post(f"{VIEWS}default/", sent | {"on": "0"})
    assert his.get(there).context["view"] == view


def test_deleting_a_list_removes_its_default(
    visitor: Client, make_view: Any, experiment: Experiment, actor: Actor, now: int
) -> None:
    view = make_view(experiment=experiment)
    visitor.post(f"{VIEWS}default/", {"view": view.slug})
    delete_experiment(experiment, actor=actor, now=now)
    assert texts(visitor.get(VIEWS), ".name .chip") == ["my default"]
    visitor.post(f"{VIEWS}default/", {"view": view.slug, "on": "0"})
    assert texts(visitor.get(VIEWS), ".name .chip") == []


def test_the_menu_lists_and_finds_visible_views(
    visitor: Client, make_view: Any, ben: User
) -> None:
    make_view(name="secret sauce")
    shared = make_view(name="for all", shared=True)
    menu = visitor.get(f"{VIEWS}menu/?view={shared.slug}.1", headers=HTMX).text
    assert "secret sauce" in menu
    assert "for all" in menu
    theirs = browser_of(ben).get(f"{VIEWS}menu/", headers=HTMX).text
    assert "secret" not in theirs
    found = browser_of(ben).get(f"{VIEWS}menu/?find=FOR+sec", headers=HTMX).text
    assert "No matching views" in found
    built_in = visitor.get(f"{VIEWS}menu/?find=DEF", headers=HTMX).text
    assert f'href="{ALL}?view=default"' in built_in
    assert "No matching views" not in built_in


@pytest.mark.parametrize("view", ["", "view"])
def test_the_menu_and_the_list_agree_on_changes(
    visitor: Client, log: Any, make_view: Any, view: str
) -> None:
    log("good", acc=0.9)
    opened = f"/v/{make_view('q=metrics.acc > 0.5').slug}/" if view else ALL
    page = visitor.get(opened)
    menu = visitor.get(page.context["view_menu_href"], headers=HTMX)
    assert menu.context["view_changed"] == page.context["view_changed"] == ""
    assert menu.context["view_state"] == page.context["view_state"]
    assert "changed:" not in menu.text
    chosen = visitor.get(f"{opened}?columns=name")
    menu = visitor.get(chosen.context["view_menu_href"], headers=HTMX)
    assert menu.context["view_changed"] == chosen.context["view_changed"] == "columns"


def test_the_menu_follows_its_view(visitor: Client, log: Any, make_view: Any) -> None:
    log("good", acc=0.9)
    view = make_view("q=metrics.acc > 0.5")

    def menu() -> str:
        page = visitor.get(f"/v/{view.slug}/")
        return visitor.get(page.context["view_menu_href"], headers=HTMX).text

    shown = menu()
    form = shown[shown.index("/follow/") :]
    assert 'aria-pressed="false"' in form
    back = re.search(r'name="next" value="([^"]*)"', form)
    assert back is not None
    sent = {"on": "1", "next": html.unescape(back[1])}
    answer = visitor.post(f"{VIEWS}{view.slug}/follow/", sent)
    assert answer["Location"] == sent["next"]
    followed = menu()
    assert 'aria-pressed="true"' in followed[followed.index("/follow/") :]
    # The built-in view has no runs that enter it.
    page = visitor.get(ALL)
    assert (
        "/follow/" not in visitor.get(page.context["view_menu_href"], headers=HTMX).text
    )


def test_a_menu_and_navigation_cost_the_same_for_a_thousand_views(
    visitor: Client,
    workspace: Workspace,
    owner: User,
    django_assert_num_queries: Any,
) -> None:
    View.objects.bulk_create(
        View(
            workspace=workspace,
            slug=f"{n:010}",
            name=f"view {n}",
            spec={"columns": "name,status"},
            shared=True,
            owner=owner,
            created=0,
            updated=0,
        )
        for n in range(1000)
    )
    visitor.get(f"{VIEWS}menu/", headers=HTMX)
    with django_assert_num_queries(5):
        menu = visitor.get(f"{VIEWS}menu/", headers=HTMX)
    assert len(menu.content) < 40_000


def test_the_page_of_all_views_belongs_to_no_list(visitor: Client) -> None:
    marked = 'class="nav-item"[^>]* aria-current="true"'
    assert not re.findall(marked, visitor.get(VIEWS).text)
    assert re.findall(marked, visitor.get(ALL).text)


def test_starred_views_are_in_the_navigation(visitor: Client, make_view: Any) -> None:
    view = make_view(name="often")
    path = f"{VIEWS}{view.slug}/star/"
    assert visitor.post(path, {"starred": "1"}, headers=HTMX).status_code == 200
    assert "Starred views" in visitor.get(ALL).text
    visitor.post(path, {"starred": "0"})
    assert "Starred views" not in visitor.get(ALL).text


def test_a_private_view_is_404_at_every_address(
    visitor: Client, make_view: Any, ben: User, actor: Actor, now: int
) -> None:
    view = make_view(name="hush hush")
    spec = ViewSpec.from_query("q=tag:hush")
    actions.save_view(view, ViewState(spec), seen_version=1, actor=actor, now=now)
    others = browser_of(ben)
    path = f"{VIEWS}{view.slug}/"
    for part in ("edit/", "history/"):
        assert others.get(path + part).status_code == 404, part
    for part in (
        "save/",
        "edit/",
        "share/",
        "delete/",
        "restore/",
        "star/",
        "history/1/restore/",
    ):
        assert others.post(path + part, {"name": "x"}).status_code == 404, part
    assert others.get(f"/v/{view.slug}/").status_code == 404
    assert others.post(f"{VIEWS}default/", {"view": view.slug}).status_code == 404
    last = view.changes.latest("pk").change_set_id
    assert others.post(f"/w/default/undo/{last}/").status_code == 404
    unknown = others.get(f"{ALL}?view=aaaaaaaaaa.1").text
    known = others.get(f"{ALL}?view={view.slug}.1").text
    assert strip_own(known, view.slug) == strip_own(unknown, "aaaaaaaaaa")
    for address in (ALL, VIEWS, f"{VIEWS}?find=hush", f"{VIEWS}menu/"):
        for headers in ({}, HTMX):
            assert "hush" not in strip_find(others.get(address, headers=headers).text)


def strip_own(text: str, slug: str) -> str:
    text = re.sub(r'"[A-Za-z0-9]{64}"|X-CSRFToken[^}]*|data-etag="[^"]*"', "", text)
    return text.replace(slug, "SLUG")


def strip_find(text: str) -> str:
    return text.replace('value="hush"', "").replace("find=hush", "")


def test_a_stored_selection_is_kept_while_a_view_uses_it(
    workspace: Workspace, make_view: Any, run: Run, now: int
) -> None:
    kept = save_selection(workspace, [run.pk], now=now)
    other = save_selection(workspace, [run.pk, 0], now=now)
    view = make_view(f"selected=s.{kept.slug}")
    later = now + (SELECTION_DAYS + 1) * DAY
    assert delete_unused_selections(later) == 1
    assert list(Selection.objects.values_list("slug", flat=True)) == [kept.slug]
    assert other.slug != kept.slug
    view.delete()
    assert delete_unused_selections(later) == 1


def test_a_view_shows_the_current_name_of_its_list(
    visitor: Client, make_view: Any, experiment: Experiment, actor: Actor, now: int
) -> None:
    view = make_view(experiment=experiment)
    rename_experiment(experiment, "second name", actor=actor, now=now)
    for address in (VIEWS, f"{VIEWS}menu/"):
        assert "second name" in visitor.get(address, headers=HTMX).text
    delete_experiment(experiment, actor=actor, now=now)
    assert "second name" in visitor.get(f"/v/{view.slug}/").text


def test_a_page_beyond_the_end_shows_the_last_page(
    visitor: Client, make_view: Any
) -> None:
    make_view(name="only one")
    page = visitor.get(f"{VIEWS}?after=300")
    assert texts(page, "td.name a") == ["only one"]
