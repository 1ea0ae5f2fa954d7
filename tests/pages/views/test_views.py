"""Views on the list's page: what an address means, what a save tells, who sees what."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from runs.actions.actor import Actor
from runs.actions.experiments.experiments import delete_experiment
from runs.actions.views import views as actions
from runs.actions.views.views import ViewState
from runs.models import (
    Experiment,
    User,
    View,
    ViewRevision,
)
from studio.core.view_spec import ViewSpec
from tests.access.people import browser_of
from tests.pages.rows import ALL, link, names
from tests.pages.views.view_rows import GOOD, VIEWS, state_of
from tests.parts.elements import one

pytestmark = pytest.mark.django_db

DAY = 86_400_000
HTMX = {"HX-Request": "true"}


def test_a_view_link_shows_the_view_and_the_address_of_its_list(
    visitor: Client, log: Any, make_view: Any
) -> None:
    log("good", acc=0.9)
    log("bad", acc=0.1)
    view = make_view()
    page = visitor.get(f"/v/{view.slug}/")
    assert names(page) == ["good"]
    assert f"view={view.slug}.1" in page.context["shown_at"]
    assert page.context["shown_at"].startswith(f"{ALL}?q=metrics.acc")
    assert page.context["view_changed"] == ""
    again = visitor.get(page.context["shown_at"])
    assert (names(again), again.context["view_changed"]) == (["good"], "")


def test_an_override_changes_part_of_the_view(
    visitor: Client, log: Any, make_view: Any
) -> None:
    log("good", acc=0.9)
    log("bad", acc=0.1)
    view = make_view(shared=True)
    page = visitor.get(f"/v/{view.slug}/?q=&sort=-name")
    assert names(page) == ["good", "bad"]
    assert page.context["view_changed"] == "−1 filter, sort"
    assert f"/v/{view.slug}/?sort=-name&amp;q=" in page.text


def test_an_unusable_override_is_reported(
    visitor: Client, log: Any, make_view: Any
) -> None:
    log("good", acc=0.9)
    page = visitor.get(f"/v/{make_view().slug}/?rows=7&sort=-name")
    assert "Some parts of this link were ignored" in page.text
    assert "rows must be one of" in page.text
    assert page.context["view_changed"] == "sort"


def test_changes_are_described_in_words(
    visitor: Client, log: Any, make_view: Any
) -> None:
    log("good", acc=0.9)
    view = make_view()
    address = f"{ALL}?q=metrics.acc > 0.5 tag:x&columns=name&view={view.slug}.1"
    page = visitor.get(address)
    assert page.context["view_changed"] == "+1 filter, −1 column, sort"
    assert [line.text for line in page.context["view_lines"]][:2] == [
        "+filter: tag:x",
        "−column: acc",
    ]


def test_a_view_costs_one_query_more_than_its_list(
    visitor: Client, log: Any, make_view: Any, django_assert_num_queries: Any
) -> None:
    log("good", acc=0.9)
    view = make_view(shared=True)
    plain = f"{ALL}?{GOOD}"
    visitor.get(plain)
    with CaptureQueriesContext(connection) as alone:
        visitor.get(plain)
    with django_assert_num_queries(len(alone) + 1):
        assert visitor.get(f"/v/{view.slug}/").status_code == 200
    with django_assert_num_queries(len(alone) + 1):
        visitor.get(f"{plain}&view={view.slug}.1")


def test_a_save_keeps_the_columns_that_are_shown(
    visitor: Client, log: Any, make_view: Any
) -> None:
    log("a", acc=0.9)
    view = make_view("q=tag:x")
    page = visitor.get(f"{ALL}?view={view.slug}.1")
    answer = visitor.post(f"{VIEWS}{view.slug}/save/", {"state": state_of(page)})
    view.refresh_from_db()
    assert view.spec["columns"].endswith("metrics.acc,submitter")
    assert answer.headers["Location"].endswith(f"view={view.slug}.2")
    assert "Saved Sweep" in visitor.get(answer.headers["Location"]).text


def test_a_conflicting_save_shows_both_versions_to_choose_from(
    visitor: Client, log: Any, make_view: Any, ben: User
) -> None:
    log("a", acc=0.9)
    view = make_view(shared=True)
    mine = state_of(visitor.get(f"/v/{view.slug}/?sort=-name"))
    theirs = state_of(browser_of(ben).get(f"/v/{view.slug}/?q="))
    save = f"{VIEWS}{view.slug}/save/"
    assert browser_of(ben).post(save, {"state": theirs}).status_code == 302
    asked = visitor.post(save, {"state": mine})
    assert asked.status_code == 422
    assert "Changed by ben" in asked.text
    assert "metrics.acc &gt; 0.5" in asked.text
    view.refresh_from_db()
    assert "q" not in view.spec
    forced = {"state": state_of(asked), "seen": "2"}
    assert visitor.post(save, forced).status_code == 302
    kept = ViewRevision.objects.filter(view=view).order_by("number")
    assert [each.author and each.author.username for each in kept] == [
        "ada",
        "ben",
        "ada",
    ]


def test_a_list_opened_before_a_save_shows_a_notice(
    visitor: Client, make_view: Any, actor: Actor, now: int
) -> None:
    view = make_view()
    spec = ViewSpec.from_query("q=tag:y")
    actions.save_view(view, ViewState(spec), seen_version=1, actor=actor, now=now)
    page = visitor.get(f"{ALL}?{GOOD}&view={view.slug}.1")
    assert page.context["view_is_stale"]
    assert page.context["view_changed"] == ""
    # A poll of the open list brings the notice too.
    poll = visitor.get(f"{ALL}?{GOOD}&view={view.slug}.1&shown=1", headers=HTMX)
    assert one(poll, "#view-bar .changed").text == "changed by someone else"
    poll = visitor.get(f"{ALL}?q=tag:y&view={view.slug}.2&shown=1", headers=HTMX)
    assert 'id="view-bar"' not in poll.text


def test_a_new_view_is_saved_named_and_undone(visitor: Client, log: Any) -> None:
    log("a", acc=0.9)
    page = visitor.get(f"{ALL}?q=tag:x&mine=1")
    href = link(page, "/views/new/")
    form = visitor.get(href)
    sent = {"state": state_of(form), "name": "", "shared": "1"}
    assert visitor.post(href.partition("?")[0], sent).status_code == 422
    sent["name"] = "Mine"
    answer = visitor.post(f"{VIEWS}new/", sent, follow=True)
    view = View.objects.get()
    assert view.spec["q"] == "tag:x and submitter:ada"
    undo = re.search(r'formaction="([^"]*undo/\d+/)"', answer.text)
    assert undo
    visitor.post(undo[1])
    view.refresh_from_db()
    assert view.deleted is not None


def test_a_view_is_edited_shared_deleted_and_restored(
    visitor: Client, make_view: Any, ben: User
) -> None:
    view = make_view()
    path = f"{VIEWS}{view.slug}/"
    assert "Only you can open" in visitor.get(f"/v/{view.slug}/").text
    sent = {"name": "B", "description": "**b**", "shared": "1", "locked": "1"}
    visitor.post(f"{path}edit/", sent)
    view.refresh_from_db()
    assert (view.name, view.shared, view.locked) == ("B", True, True)
    others = browser_of(ben)
    assert "<strong>b</strong>" in others.get(f"{path}history/").text
    assert others.post(f"{path}edit/", {"name": "C"}).status_code == 403
    assert "locked this view" in others.get(f"/v/{view.slug}/").text
    visitor.post(f"{path}delete/")
    assert others.get(f"/v/{view.slug}/").status_code == 404
    assert "B" in visitor.get(VIEWS).text
    visitor.post(f"{path}restore/")
    assert others.get(f"/v/{view.slug}/").status_code == 200


def test_versions_are_compared_and_restored(
    visitor: Client, make_view: Any, actor: Actor, now: int
) -> None:
    view = make_view()
    spec = ViewSpec.from_query("q=tag:y&columns=name,metrics.acc&sort=name")
    actions.save_view(view, ViewState(spec), seen_version=1, actor=actor, now=now)
    path = f"{VIEWS}{view.slug}/history/"
    page = visitor.get(path)
    assert [row.summary for row in page.context["rows"]] == ["−1 filter, +1 filter", ""]
    visitor.post(f"{path}1/restore/", {"seen": "2"})
    view.refresh_from_db()
    assert (view.revision, view.spec["q"]) == (3, "metrics.acc > 0.5")
    assert visitor.post(f"{path}1/restore/", {"seen": "2"}).status_code == 302
    assert visitor.post(f"{path}2/restore/", {"seen": "2"}).status_code == 422


def test_many_versions_are_listed_in_pages(
    visitor: Client, make_view: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runs.pages.views.versions.MAX_VERSIONS", 2)
    view = make_view("sort=name")
    path = f"{VIEWS}{view.slug}/"
    for state in ("sort=-name", "sort=status", "sort=-status"):
        visitor.post(f"{path}save/", {"state": state})
    page = visitor.get(f"{path}history/")
    assert [row.revision.number for row in page.context["rows"]] == [4, 3]
    assert [row.summary for row in page.context["rows"]] == ["sort", "sort"]
    older = visitor.get(f"{path}history/?before={page.context['older']}")
    assert [row.revision.number for row in older.context["rows"]] == [2, 1]
    assert older.text.count("Restore</button>") == 2
    assert not older.context["older"]
    assert "Older versions" not in older.text


def test_a_view_reports_deleted_items_that_it_names(
    visitor: Client,
    log: Any,
    make_view: Any,
    experiment: Experiment,
    actor: Actor,
    now: int,
) -> None:
    log("a")
    state = "columns=name,params.lost&selected=a,gone"
    view = make_view(state, experiment=experiment)
    delete_experiment(experiment, actor=actor, now=now)
    text = visitor.get(f"/v/{view.slug}/").text
    for name in ("digits", "params.lost", "gone"):
        assert name in text.partition('id="list-notice"')[2].partition("</ul>")[0]


def test_a_view_of_another_version_can_be_opened(
    visitor: Client, log: Any, make_view: Any
) -> None:
    log("a")
    view = make_view()
    stored = {"q": "status:", "columns": "name,hue", "lens": True}
    View.objects.filter(pk=view.pk).update(spec=stored)
    page = visitor.get(f"/v/{view.slug}/")
    assert page.status_code == 400
    notice = page.text.partition('id="list-notice"')[2].partition("</ul>")[0]
    assert "hue" in notice
    assert "lens" in notice
    View.objects.filter(pk=view.pk).update(spec={"columns": "name,hue", "lens": 1})
    page = visitor.get(f"/v/{view.slug}/")
    assert names(page) == ["a"]
    assert "hue" in page.text
    assert "lens" in page.text
