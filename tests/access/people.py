"""People, tokens and clients of the access tests."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from django.test import Client

from runs.actions.account.accounts import add_member, create_workspace, ensure_user
from runs.actions.account.tokens import create_token
from runs.actions.actor import SERVER
from runs.models import ApiToken, Role, User, Workspace, now_ms

PASSWORD = "a quite long pass phrase"
BACKEND = "django.contrib.auth.backends.ModelBackend"


def make_person(name: str, *, password: str = "") -> User:
    user = ensure_user(name, actor=SERVER, now=now_ms())
    if password:
        user.set_password(password)
        user.save()
    return user


def make_member(workspace: Workspace, name: str, role: Role) -> User:
    user = make_person(name)
    add_member(workspace, user, role, actor=SERVER, now=now_ms())
    return user


def space(name: str = "lab") -> Workspace:
    return create_workspace(name, actor=SERVER, now=now_ms())


def token_of(
    user: User, workspace: Workspace, *, cap: Role = Role.OWNER
) -> tuple[ApiToken, str]:
    return create_token(
        user, workspace, "script", role_cap=cap, actor=SERVER, now=now_ms()
    )


def browser_of(user: User | None, *, csrf: bool = False) -> Client:
    """A browser in which `user` is signed in."""
    client = Client(enforce_csrf_checks=csrf, raise_request_exception=False)
    if user is not None:
        client.force_login(user, backend=BACKEND)
    return client


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


@dataclass
class Team:
    workspace: Workspace
    nonmember: User
    reader: User
    contributor: User
    owner: User


@pytest.fixture
def team() -> Team:
    return make_team()


@pytest.fixture
def visitor() -> Client:
    return Client(raise_request_exception=False)


def make_team() -> Team:
    workspace = space()
    other = space("elsewhere")
    return Team(
        workspace,
        make_member(other, "nonmember", Role.OWNER),
        make_member(workspace, "reader", Role.READER),
        make_member(workspace, "contributor", Role.CONTRIBUTOR),
        make_member(workspace, "owner", Role.OWNER),
    )
