"""API tokens of users, agents and runs: create and revoke."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from runs.actions.account.secrets import (
    TOKEN_PREFIX,
    generate_secret,
    hash_secret,
    to_datetime,
)
from runs.actions.actor import Actor
from runs.actions.changes import Edit, record_changes
from runs.models import (
    ApiToken,
    ComputeTarget,
    Member,
    Role,
    Run,
    TokenKind,
    User,
    Workspace,
)
from studio.core import names
from studio.core.errors import NotFound, PermissionDenied

#: The prefix `rs_` and five characters, which help no one to guess the rest.
VISIBLE_PREFIX_LENGTH = 8
#: A run's token is valid for this long after the end of its root run.
RUN_TOKEN_DAYS_AFTER_END = 7


@transaction.atomic
def create_token(
    user: User,
    workspace: Workspace,
    name: str,
    *,
    actor: Actor,
    now: int,
    role_cap: Role = Role.CONTRIBUTOR,
    days: int | None = None,
) -> tuple[ApiToken, str]:
    """Create a token for `user`; return it and its secret, which is not stored.

    A token can't create a token with more permissions than its own, or one that
    expires later.
    """
    names.check_text(name, "name", limit=names.MAX_TOKEN_NAME, empty=False)
    if not Member.objects.filter(user=user, workspace=workspace).exists():
        raise NotFound(
            _("This workspace doesn't exist, or the user is not a member of it.")
        )
    if actor.token is not None and role_cap > actor.token.role_cap:
        raise PermissionDenied(
            _("A token can't create a token with more permissions than its own.")
        )
    expires = to_datetime(now) + timedelta(days=days) if days else None
    if actor.token is not None and actor.token.expires is not None:
        if expires is not None and expires > actor.token.expires:
            raise PermissionDenied(
                _("A token can't create a token that expires later than itself.")
            )
        expires = expires or actor.token.expires
    token, secret = _write_token(
        user=user,
        workspace=workspace,
        name=name.strip(),
        role_cap=role_cap,
        expires=expires,
    )
    _record(token, None, Role(role_cap).label, actor=actor, now=now)
    return token, secret


def _record(
    token: ApiToken, before: str | None, after: str | None, *, actor: Actor, now: int
) -> None:
    edit = Edit(f"tokens.{token.name}", before, after)
    record_changes(token.workspace, "tokens", [edit], actor=actor, now=now)


@transaction.atomic
def create_agent_token(
    user: User, target: ComputeTarget, name: str, *, now: int, days: int | None = None
) -> tuple[ApiToken, str]:
    """Create a token with which an agent serves `target`; return it and its secret.

    It works while `user` is an owner of the workspace.
    """
    names.check_text(name, "name", limit=names.MAX_TOKEN_NAME, empty=False)
    return _write_token(
        user=user,
        workspace=target.workspace,
        name=name.strip(),
        # Only owners can serve a target, and the kind allows nothing else.
        role_cap=Role.OWNER,
        expires=to_datetime(now) + timedelta(days=days) if days else None,
        kind=TokenKind.AGENT,
        target=target,
    )


@transaction.atomic
def create_run_token(run: Run, user: User) -> str:
    """Create a token for the script of `run`, and return its secret.

    It acts for `user` and covers the tree of the run.
    """
    _token, secret = _write_token(
        user=user,
        workspace_id=run.workspace_id,
        name=f"run {run.run_id}"[: names.MAX_TOKEN_NAME],
        role_cap=Role.CONTRIBUTOR,
        kind=TokenKind.RUN,
        run_id=run.pk,
        root_run_id=run.root_id or run.pk,
    )
    return secret


def _write_token(**fields: Any) -> tuple[ApiToken, str]:
    secret = generate_secret(TOKEN_PREFIX)
    token = ApiToken.objects.create(
        prefix=secret[:VISIBLE_PREFIX_LENGTH], digest=hash_secret(secret), **fields
    )
    return token, secret


@transaction.atomic
def revoke_token(token: ApiToken, *, actor: Actor, now: int) -> None:
    """Revoke the token. Its row stays because the history refers to it.

    A token can't revoke a token with more permissions than its own.
    """
    if actor.token is not None and token.role_cap > actor.token.role_cap:
        raise PermissionDenied(
            _("A token can't revoke a token with more permissions than its own.")
        )
    rows = ApiToken.objects.filter(pk=token.pk, revoked__isnull=True)
    if rows.update(revoked=to_datetime(now)):
        _record(token, Role(token.role_cap).label, None, actor=actor, now=now)
