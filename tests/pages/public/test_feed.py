"""The feed of a view: for who has its address, and nothing else with it."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from django.test import Client
from django.urls import reverse

from runs.actions.actor import Actor
from runs.actions.public import create_share_link, revoke_share_link
from runs.actions.run.lifecycle import change_status
from runs.actions.run.runs import create_run
from runs.actions.views import ViewState, create_view
from runs.models import (
    Experiment,
    Member,
    Run,
    ShareLink,
    User,
    View,
    Workspace,
    now_ms,
)
from studio.core.errors import InvalidValue
from studio.core.statuses import RunStatus
from studio.core.view_spec import ViewSpec

pytestmark = pytest.mark.django_db
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def view(workspace: Workspace, actor: Actor, now: int) -> View:
    state = ViewState(ViewSpec(q="status:failed"))
    return create_view(workspace, "Failures", state, shared=True, actor=actor, now=now)


def fail(experiment: Experiment, run_id: str, actor: Actor, now: int) -> Run:
    run = create_run(experiment, run_id=run_id, actor=actor, now=now)
    return change_status(run, RunStatus.FAILED, actor=actor, now=now, message="x")


def read(client: Client, path: str) -> ET.Element:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("application/atom+xml")
    assert answer["Referrer-Policy"] == "no-referrer"
    return ET.fromstring(answer.content)


def test_a_feed_has_the_newest_runs_of_the_view_and_nothing_else(
    experiment: Experiment,
    view: View,
    workspace: Workspace,
    actor: Actor,
    client: Client,
    now: int,
) -> None:
    for run_id in ("a", "b"):
        fail(experiment, run_id, actor, now)
    create_run(experiment, run_id="other", actor=actor, now=now)
    link, secret = create_share_link(
        workspace, view, is_feed=True, actor=actor, now=now_ms()
    )
    path = reverse("shared-feed", args=[secret])
    entries = read(client, path).findall(f"{ATOM}entry")
    links = [entry.find(f"{ATOM}link") for entry in entries]
    hrefs = [each.get("href", "") for each in links if each is not None]
    assert [href.rstrip("/").rpartition("/")[2] for href in hrefs] == ["b", "a"]
    titles = [entry.findtext(f"{ATOM}title", "") for entry in entries]
    assert all(title.startswith("Failed: ") for title in titles)
    # Its secret opens no page and signs no one in.
    assert client.get(reverse("shared", args=[secret])).status_code == 404
    for href in hrefs:
        assert client.get(href.partition("testserver")[2]).status_code == 302
    revoke_share_link(link, actor=actor, now=now_ms())
    assert client.get(path).status_code == 404


def test_a_feed_ends_with_the_role_of_its_creator(
    view: View, workspace: Workspace, actor: Actor, client: Client
) -> None:
    _link, secret = create_share_link(
        workspace, view, is_feed=True, actor=actor, now=now_ms()
    )
    Member.objects.filter(user=actor.user).delete()
    assert client.get(reverse("shared-feed", args=[secret])).status_code == 404


def test_the_link_of_a_page_is_no_feed_and_a_run_has_none(
    run: Run, view: View, workspace: Workspace, actor: Actor, client: Client
) -> None:
    _link, secret = create_share_link(workspace, view, actor=actor, now=now_ms())
    assert client.get(reverse("shared-feed", args=[secret])).status_code == 404
    with pytest.raises(InvalidValue):
        create_share_link(workspace, run, is_feed=True, actor=actor, now=now_ms())


def test_an_owner_creates_a_feed_and_sees_it_on_members(
    view: View, owner: User, client: Client
) -> None:
    client.force_login(owner)
    sent = {"view": view.slug, "days": "30", "feed": "1"}
    page = client.post("/w/default/share/", sent).content.decode()
    assert "/feed/</pre>" in page
    assert ShareLink.objects.get().is_feed
    assert "Atom feed" in client.get("/w/default/members/").content.decode()
