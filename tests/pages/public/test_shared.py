"""Public links show one view or one run until they expire, and nothing else."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from runs.actions.actor import Actor
from runs.actions.public.share_links import (
    MAX_LINK_DAYS,
    create_share_link,
    find_share_link,
)
from runs.actions.run.runs import trash_run
from runs.actions.views import views as view_actions
from runs.models import Member, Role, ShareLink, User, View, Workspace
from studio.core.errors import NotFound
from tests.access.entries import OPERATOR
from tests.access.people import browser_of
from tests.access.table import TABLE

pytestmark = pytest.mark.django_db

SHARE = "/w/default/share/"
MEMBERS = "/w/default/members/"
DAY = 86_400_000


def address(page: Any) -> str:
    found = re.search(r'id="new-share">http://[^/]+(/shared/[\w-]+/)<', page.text)
    assert found
    return found[1]


@pytest.fixture
def anonymous() -> Client:
    return browser_of(None)


def test_an_owner_creates_and_revokes_a_link_to_a_view(
    visitor: Client, anonymous: Client, log: Any, make_view: Any
) -> None:
    log("good", acc=0.9, tags={"model": "resnet"})
    log("bad", acc=0.1)
    view = make_view(name="Table 3")
    assert "Table 3" in visitor.get(f"{SHARE}?view={view.slug}").text
    sent = {"view": view.slug, "note": "reviewer 2", "days": "7"}
    path = address(visitor.post(SHARE, sent))
    page = anonymous.get(path)
    assert page.status_code == 200
    assert "good" in page.text
    assert "bad<" not in page.text
    assert "0.9" in page.text
    assert "ada" in page.text
    assert not re.search(r'(href|action|src|hx-get)="/(w|v|api)/', page.text)
    assert not anonymous.cookies.get("sessionid")
    listed = visitor.get(MEMBERS).text
    assert "reviewer 2" in listed
    assert path not in listed
    number = ShareLink.objects.get().pk
    visitor.post(f"{SHARE}{number}/revoke/")
    gone = anonymous.get(path)
    assert gone.status_code == 404
    assert "Table 3" not in gone.text
    assert "reviewer 2" not in visitor.get(MEMBERS).text


def test_a_run_is_shown_with_what_it_logged(
    visitor: Client, anonymous: Client, log: Any, actor: Actor, now: int
) -> None:
    tags = {"model": "resnet", "candidate": ""}
    run = log("a", acc=0.8137, tags=tags, params={"lr": "0.01"})
    log("zebra")
    path = address(visitor.post(SHARE, {"run": "a", "days": "1"}))
    page = anonymous.get(path).text
    for text in ("0.8137", "resnet", "0.01", "lr"):
        assert text in page
    assert "zebra" not in page
    assert '<span class="chip">candidate</span>' in page
    trash_run(run, actor=actor, now=now)
    assert anonymous.get(path).status_code == 404


def test_a_public_link_gives_access_to_nothing_else(
    visitor: Client, anonymous: Client, log: Any, make_view: Any
) -> None:
    log("a", acc=0.9)
    path = address(visitor.post(SHARE, {"run": "a", "days": "1"}))
    assert anonymous.get(path).status_code == 200
    fill = {"workspace": "default", "run_id": "a", "slug": make_view().slug}
    tried = 0
    for route, entry in TABLE.items():
        names = re.findall(r"<(?:\w+:)?(\w+)>", route)
        if "public" in entry.needs.values() or not set(names) <= set(fill):
            continue
        where = "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda part: fill[part[1]], route)
        answer = anonymous.get(where, headers={"Referer": f"http://testserver{path}"})
        # A page of the operator is not there for anybody else.
        refused = (404,) if OPERATOR in entry.needs.values() else (302, 401, 405)
        assert answer.status_code in refused, where
        tried += 1
    assert tried > 60
    for more in ("runs/", "../", "x/"):
        assert anonymous.get(path + more).status_code == 404
    assert anonymous.post(path).status_code == 405


def test_a_link_ends_with_its_time_its_owners_role_privacy_or_deletion(
    make_view: Any, workspace: Workspace, owner: User, actor: Actor, now: int
) -> None:
    view = make_view(shared=True)
    boss = User.objects.create(username="boss")
    member = Member.objects.create(workspace=workspace, user=boss, role=Role.OWNER)
    act: Any = {"actor": Actor(boss), "now": now}
    _link, secret = create_share_link(workspace, view, days=2, **act)
    assert find_share_link(secret, now=now + DAY).view == view
    with pytest.raises(NotFound):
        find_share_link(secret, now=now + 2 * DAY)
    View.objects.filter(pk=view.pk).update(shared=False)
    with pytest.raises(NotFound):
        find_share_link(secret, now=now)
    View.objects.filter(pk=view.pk).update(shared=True)
    member.role = Role.CONTRIBUTOR
    member.save()
    with pytest.raises(NotFound):
        find_share_link(secret, now=now)
    member.role = Role.OWNER
    member.save()
    User.objects.filter(pk=boss.pk).update(is_active=False)
    with pytest.raises(NotFound):
        find_share_link(secret, now=now)
    User.objects.filter(pk=boss.pk).update(is_active=True)
    assert find_share_link(secret, now=now).view == view
    view_actions.delete_view(view, actor=actor, now=now)
    with pytest.raises(NotFound):
        find_share_link(secret, now=now)


def test_the_secret_of_a_link_is_not_stored(visitor: Client, log: Any) -> None:
    log("a")
    path = address(visitor.post(SHARE, {"run": "a", "days": "1"}))
    secret = path.split("/")[2]
    kept = ShareLink.objects.get()
    assert secret.encode() not in bytes(kept.digest)
    assert len(bytes(kept.digest)) == 32


@pytest.mark.parametrize("days", ["", "0", "-1", "x", str(MAX_LINK_DAYS + 1), "9" * 30])
def test_a_link_has_an_expiry_date(visitor: Client, log: Any, days: str) -> None:
    log("a")
    assert visitor.post(SHARE, {"run": "a", "days": days}).status_code == 422
    assert not ShareLink.objects.exists()


def test_only_owners_create_public_links(
    log: Any, make_view: Any, ben: User, workspace: Workspace
) -> None:
    log("a")
    private = make_view(name="hush")
    contributor = browser_of(ben)
    assert contributor.post(SHARE, {"run": "a", "days": "1"}).status_code == 403
    assert "Public links" not in contributor.get(MEMBERS).text
    Member.objects.filter(user=ben).update(role=Role.OWNER)
    assert contributor.get(f"{SHARE}?view={private.slug}").status_code == 404
    assert contributor.get(f"{SHARE}?run=nosuch").status_code == 404


def test_an_invalid_list_position_shows_the_first_page(
    visitor: Client, anonymous: Client, log: Any, make_view: Any
) -> None:
    for number in range(30):
        log(f"run-{number:02}", acc=0.9)
    view = make_view("columns=name&sort=name&rows=25")
    path = address(visitor.post(SHARE, {"view": view.slug, "days": "1"}))
    first = anonymous.get(path)
    found = re.search(r'href="(\?after=[^"]*)"', first.text)
    assert found
    assert "run-29" in anonymous.get(path + found[1].replace("&amp;", "&")).text
    assert "run-29" not in first.text
    assert anonymous.get(f"{path}?after=nonsense&q=tag:x").status_code == 200


def test_a_link_that_currently_shows_nothing_is_marked(
    visitor: Client,
    log: Any,
    make_view: Any,
    workspace: Workspace,
    actor: Actor,
    now: int,
) -> None:
    run, notice = log("a"), "not available: its target was deleted"
    visitor.post(SHARE, {"run": "a", "days": "1"})
    assert notice not in visitor.get(MEMBERS).text
    trash_run(run, actor=actor, now=now)
    assert notice in visitor.get(MEMBERS).text
    visitor.post(SHARE, {"run": log("b").run_id, "days": "1"})
    assert visitor.get(MEMBERS).text.count(notice) == 1
    view = make_view()
    visitor.post(SHARE, {"view": view.slug, "days": "1"})
    view_actions.delete_view(view, actor=actor, now=now)
    assert visitor.get(MEMBERS).text.count(notice) == 2
    View.objects.filter(pk=view.pk).delete()
    second = User.objects.create(username="second")
    Member.objects.create(workspace=workspace, user=second, role=Role.OWNER)
    Member.objects.filter(workspace=workspace, user=actor.user).update(role=Role.READER)
    assert browser_of(second).get(MEMBERS).text.count(notice) == 2
