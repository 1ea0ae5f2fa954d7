"""Members and invitations: who may change what, and that an owner always stays."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from runs.models import ChangeSet, Invitation, Member, Role, User
from tests.access.people import PASSWORD, Team, browser_of, make_member, make_team
from tests.parts.elements import Element, parse_page

pytestmark = pytest.mark.django_db

PAGE = "/w/lab/members/"


@pytest.fixture
def team() -> Team:
    return make_team()


@pytest.fixture
def owner(team) -> Client:
    return browser_of(team.owner)


def member_of(user: User) -> Member:
    return Member.objects.get(workspace__name="lab", user=user)


def role_path(user: User) -> str:
    return f"{PAGE}{member_of(user).pk}/role/"


def remove_path(user: User) -> str:
    return f"{PAGE}{member_of(user).pk}/remove/"


def test_all_members_see_the_list_and_only_owners_see_the_forms(team):
    for user in (team.reader, team.contributor):
        page = parse_page(browser_of(user).get(PAGE))
        names = [each.text for each in page.all("td.name .clip")]
        assert sorted(names) == ["contributor", "owner", "reader"]
        assert role_forms(page) == page.all("#invitations") == []
    page = parse_page(browser_of(team.owner).get(PAGE))
    assert role_forms(page)
    assert page.one("#invitations")


def role_forms(page: Element) -> list[Element]:
    return [form for form in page.all("form") if form["action"].endswith("/role/")]


def test_an_owner_changes_a_role(team, owner):
    owner.post(role_path(team.reader), {"role": "contributor"})
    assert member_of(team.reader).role == Role.CONTRIBUTOR


def test_a_change_of_role_is_recorded(team, owner):
    ChangeSet.objects.all().delete()
    owner.post(role_path(team.reader), {"role": "contributor"})
    change = ChangeSet.objects.get().changes.get()
    assert (change.field, change.before, change.after) == (
        "members.reader",
        "reader",
        "contributor",
    )


def test_an_unknown_role_is_refused(team, owner):
    answer = owner.post(role_path(team.reader), {"role": "king"})
    assert answer.status_code == 400
    assert "reader, contributor, owner" in answer.text


def test_the_last_owner_cannot_be_removed(team, owner):
    assert owner.post(role_path(team.owner), {"role": "reader"}).status_code == 409
    assert owner.post(remove_path(team.owner)).status_code == 409
    assert member_of(team.owner).role == Role.OWNER


def test_one_of_two_owners_can_leave(team, owner):
    make_member(team.workspace, "second", Role.OWNER)
    assert owner.post(remove_path(team.owner)).headers["Location"] == "/"
    assert owner.get(PAGE).status_code == 404


def test_a_removed_member_loses_access_immediately(team, owner):
    reader = browser_of(team.reader)
    assert reader.get(PAGE).status_code == 200
    owner.post(remove_path(team.reader))
    assert reader.get(PAGE).status_code == 404


def test_members_of_another_workspace_cannot_be_changed(team, owner):
    stranger = Member.objects.get(user=team.nonmember)
    assert owner.post(f"{PAGE}{stranger.pk}/remove/").status_code == 404
    assert Member.objects.filter(pk=stranger.pk).exists()


def invite(client: Client, role: str = "contributor") -> str:
    page = client.post("/w/lab/invitations/", {"role": role}).text
    found = re.search(r"http://testserver(/invitation/[\w-]+/)", page)
    assert found
    return found[1]


NEW = {
    "username": "nova",
    "display_name": "Nova Lim",
    "password": PASSWORD,
    "again": PASSWORD,
}


def test_a_new_user_joins_by_an_invitation(team, owner):
    link = invite(owner)
    visitor = Client()
    assert "owner invites you to the workspace lab" in visitor.get(link).text
    visitor.post(link, NEW)
    nova = User.objects.get(username="nova")
    assert member_of(nova).role == Role.CONTRIBUTOR
    assert visitor.get(PAGE).status_code == 200
    again = {"name": "nova", "password": PASSWORD}
    assert Client().post("/sign-in/", again).status_code == 302


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"username": "Owner"}, "taken"),
        ({"username": "a b"}, "can contain only letters"),
        ({"username": ""}, "must not be empty"),
        ({"password": "short", "again": "short"}, "at least 10"),
        ({"password": "nova lim 123", "again": "nova lim 123"}, "similar"),
        ({"password": "1234567890123", "again": "1234567890123"}, "numeric"),
        ({"again": "something else"}, "don’t match"),
        ({"display_name": "x" * 151}, "The limit is 150"),
    ],
)
def test_an_invalid_form_keeps_the_invitation_and_the_input(team, owner, change, said):
    link = invite(owner)
    visitor = Client()
    answer = visitor.post(link, {**NEW, **change})
    assert answer.status_code in (400, 409)
    assert said in answer.text
    assert not User.objects.filter(username="nova").exists()
    assert visitor.post(link, NEW).status_code == 302


def test_an_invitation_works_once(team, owner):
    link = invite(owner)
    Client().post(link, NEW)
    answer = Client().post(link, {**NEW, "username": "other"})
    assert answer.status_code == 404
    assert not User.objects.filter(username="other").exists()


def test_a_revoked_invitation_does_not_work(team, owner):
    link = invite(owner)
    owner.post(f"/w/lab/invitations/{Invitation.objects.get().pk}/revoke/")
    assert Client().get(link).status_code == 404
    assert "No open invitations" in owner.get(PAGE).text


def test_an_invitation_expires_after_seven_days(team, owner):
    link = invite(owner)
    Invitation.objects.update(expires="2020-01-01T00:00:00Z")
    assert Client().get(link).status_code == 404


def test_an_invitation_ends_when_its_creator_is_no_longer_an_owner(team, owner):
    make_member(team.workspace, "second", Role.OWNER)
    link = invite(owner, "owner")
    owner.post(remove_path(team.owner))
    assert Client().get(link).status_code == 404


def test_an_existing_user_joins_with_one_button(team, owner):
    link = invite(owner, "reader")
    nonmember = browser_of(team.nonmember)
    assert "Join as nonmember" in nonmember.get(link).text
    nonmember.post(link)
    assert member_of(team.nonmember).role == Role.READER


def test_an_invitation_never_lowers_a_role(team, owner):
    browser_of(team.contributor).post(invite(owner, "reader"))
    assert member_of(team.contributor).role == Role.CONTRIBUTOR


def test_the_page_costs_the_same_for_many_members(
    team, owner, django_assert_num_queries
):
    for number in range(10):
        make_member(team.workspace, f"person{number}", Role.READER)
    owner.get(PAGE)
    # The session and its user; the role, the members, who can get a sign-in link, the
    # invitations, the public links; and for the frame of every page: workspaces,
    # starred views, notifications.
    with django_assert_num_queries(10):
        owner.get(PAGE)
