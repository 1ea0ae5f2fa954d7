"""The first owner, the token of this machine, and links to sign in with."""

from __future__ import annotations

import getpass
import re
from datetime import UTC, datetime
from pathlib import Path

from django.db import transaction

from runs.actions.account import (
    add_member,
    create_sign_in_link,
    create_token,
    create_workspace,
    ensure_user,
    hash_secret,
    revoke_token,
)
from runs.actions.actor import SERVER, Actor
from runs.management.home import read_client, write_client
from runs.models import ApiToken, Member, Role, User, Workspace
from studio.core.names import MAX_USER_NAME

DEFAULT_WORKSPACE = "default"
#: Where the pages open a sign-in link. To ask for its address, the process that starts
#: the server would import all pages.
SIGN_IN_LINK_PATH = "/sign-in/link/"
CLIENT_NAME = "studio env on the server's machine"


@transaction.atomic
def find_or_create_first_owner(*, now: int) -> User:
    """The first owner of `default`; it is created if there is no owner.

    An operator who starts the server can sign in to it, even if members have removed
    that owner.
    """
    workspace = create_workspace(DEFAULT_WORKSPACE, actor=SERVER, now=now)
    owners = Member.objects.filter(
        workspace=workspace, role=Role.OWNER, user__is_active=True
    )
    found = owners.select_related("user").order_by("id").first()
    if found is not None:
        return found.user
    user = ensure_user(operating_system_user_name(), actor=SERVER, now=now)
    add_member(workspace, user, Role.OWNER, actor=SERVER, now=now)
    return user


def operating_system_user_name() -> str:
    """The name of the operating system's user, as a name that is legal here."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = ""
    return re.sub(r"[^\w.@+-]+", "-", name).strip("-")[:MAX_USER_NAME] or "owner"


@transaction.atomic
def write_client_token(folder: Path, user: User, url: str, *, now: int) -> None:
    """Write this address and a working token to `client.json` if it differs."""
    kept = read_client(folder)
    secret = str(kept.get("token", ""))
    token = _find_valid_token(secret)
    if token is None:
        secret = _new_token(user, now=now)
        workspace = DEFAULT_WORKSPACE
    else:
        workspace = token.workspace.name
    wanted = {"url": url, "token": secret, "workspace": workspace}
    if kept != wanted:
        write_client(folder, url=url, token=secret, workspace=workspace)


def _find_valid_token(secret: str) -> ApiToken | None:
    found = (
        ApiToken.objects.select_related("workspace")
        .filter(digest=hash_secret(secret), revoked__isnull=True, user__is_active=True)
        .first()
    )
    if found is None or (found.expires and found.expires <= datetime.now(UTC)):
        return None
    member = Member.objects.filter(workspace=found.workspace, user=found.user_id)
    return found if member.exists() else None


def _new_token(user: User, *, now: int) -> str:
    """Create a token for this machine, and revoke those whose secret is lost."""
    for old in user.tokens.filter(name=CLIENT_NAME, revoked__isnull=True):
        revoke_token(old, actor=SERVER, now=now)
    _token, secret = create_token(
        user,
        Workspace.objects.get(name=DEFAULT_WORKSPACE),
        CLIENT_NAME,
        role_cap=Role.CONTRIBUTOR,
        actor=Actor(user),
        now=now,
    )
    return secret


def sign_in_url(base: str, user: User, *, now: int) -> str:
    """A link that signs `user` in, once, within 15 minutes."""
    _link, secret = create_sign_in_link(user, actor=SERVER, now=now)
    return f"{base}{SIGN_IN_LINK_PATH}{secret}/"
