"""Identify the caller, and decide whether they can use a view; denied by default.

With an Authorization header only the header counts: an invalid token is refused even if
the request has a session cookie. Tokens in the query string are ignored.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from runs.access.best_effort_updates import update_if_idle
from runs.access.error_responses import MethodNotAllowed, is_api_path
from runs.access.permissions import (
    BROWSER_ONLY,
    SAFE_METHODS,
    Access,
    Permission,
    find_declaration,
)
from runs.actions.account import hash_secret
from runs.http import invalid_token, read_secret
from runs.models import ApiToken, BrowserSession, Member, Role, User, Workspace
from runs.storage.prepared import Prepared
from studio.core.errors import NotFound, PermissionDenied, SignInRequired, TooLarge

#: The shortest time between two updates of "last used" and of "last seen".
TOKEN_USE_INTERVAL = timedelta(minutes=1)
SESSION_USE_INTERVAL = timedelta(minutes=5)


_tokens = Prepared(
    lambda key: ApiToken.objects.select_related("user").filter(
        digest=key, revoked__isnull=True, user__is_active=True
    )
)


@dataclass(frozen=True)
class Caller:
    user: User | None = None
    token: ApiToken | None = None


def identify_caller(request: HttpRequest) -> Caller:
    """Return the caller; raise SignInRequired for invalid credentials.

    Without credentials the caller has no user.
    """
    header = request.headers.get("Authorization")
    if header is not None:
        token = find_token(read_secret(header))
        return Caller(token.user, token)
    user = get_user(request)
    if not isinstance(user, User):
        return Caller()
    _record_session_use(request)
    return Caller(user)


def find_token(secret: str) -> ApiToken:
    """Return the valid token with this secret, of an active user."""
    now = timezone.now()
    token = _tokens.first(hash_secret(secret))
    if token is None or (token.expires is not None and token.expires <= now):
        raise invalid_token()
    if token.last_used is None or token.last_used < now - TOKEN_USE_INTERVAL:
        update_if_idle(ApiToken.objects.filter(pk=token.pk), last_used=now)
    return token


def _record_session_use(request: HttpRequest) -> None:
    now = timezone.now()
    row: BrowserSession | None = getattr(request.session, "row", None)
    if row is not None and row.last_seen < now - SESSION_USE_INTERVAL:
        update_if_idle(BrowserSession.objects.filter(pk=row.pk), last_seen=now)


#: The largest body from callers who are not signed in. The sign-in form is much
#: smaller.
MAX_ANONYMOUS_BODY_BYTES = 64 * 1024

_members_by_id = Prepared(
    lambda user, workspace: Member.objects.select_related("workspace").filter(
        user_id=user, workspace_id=workspace
    )
)
_members_by_name = Prepared(
    lambda user, name: Member.objects.select_related("workspace").filter(
        user_id=user, workspace__name=name
    )
)


def declared_access(request: HttpRequest, view: Any) -> Access:
    """Return the view's declaration for this method; a view without one is refused."""
    views = getattr(view, "by_method", None)
    if views and request.method not in views:
        raise MethodNotAllowed(
            _("The method %(method)s is not allowed here.")
            % {"method": request.method},
            allowed=sorted(views),
        )
    declared = find_declaration(request, view)
    if declared is None:
        raise PermissionDenied(_("This page can't be opened."))
    return declared


def body_limit(declared: Access) -> int:
    """Return the largest body that a view accepts, in bytes."""
    return settings.MAX_UPLOAD if declared.streams_body else settings.MAX_BODY


def body_limit_for_caller(request: Any, view: Any) -> int:
    """Return the largest body that a view accepts from this authorized caller.

    Callers who are not signed in send forms, never files.
    """
    if request.actor.user is None:
        return MAX_ANONYMOUS_BODY_BYTES
    return body_limit(declared_access(request, view))


def check_body_size(request: HttpRequest, limit: int) -> None:
    """Raise TooLarge by the announced length, before any of the body is read."""
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return
    if length > limit:
        raise TooLarge(
            _("The request body has %(length)s bytes. The maximum is %(limit)s.")
            % {"length": length, "limit": limit},
            limit=limit,
        )


def require_signed_in_user(
    request: HttpRequest, declared: Access, caller: Caller
) -> User:
    """Return the signed-in user; raise PermissionDenied for tokens on browser-only
    views.
    """
    if caller.user is None:
        raise SignInRequired(_sign_in_hint(request))
    if caller.token is None:
        return caller.user
    writes_page = declared.errors is None and request.method not in SAFE_METHODS
    if declared.need == BROWSER_ONLY or writes_page:
        raise PermissionDenied(_("Tokens can't do this. Sign in with a browser."))
    return caller.user


def _sign_in_hint(request: HttpRequest) -> str:
    """Explain how to sign in: with a token for programs, with the form for browsers."""
    if not is_api_path(request):
        return _("Sign in to see this page.")
    return _(
        "Send a token in the header Authorization: Bearer TOKEN. Create "
        "one on the account page, or run studio env on the server's "
        "machine to print one."
    )


def find_membership(caller: Caller, name: str | None) -> Member:
    """Return the caller's membership in the workspace of the path, or raise NotFound.

    A path without a workspace means the token's workspace, or in a browser the one that
    was used last.
    """
    assert caller.user is not None
    member = _find_member(caller.user, caller.token, name)
    if member is None:
        raise NotFound(
            _("This workspace doesn't exist, or you are not a member of it."),
            missing="workspace",
        )
    member.user = caller.user
    return member


def _find_member(user: User, token: ApiToken | None, name: str | None) -> Member | None:
    if name is None:
        workspace_id = token.workspace_id if token else user.last_workspace_id
        return _members_by_id.first(user.pk, workspace_id)
    # No workspace has such a name, and PostgreSQL refuses to look for NUL.
    return _members_by_name.first(user.pk, name) if name.isprintable() else None


def effective_role(member: Member, caller: Caller) -> Role:
    """Return the member's role, limited to the token's maximum role."""
    cap = caller.token.role_cap if caller.token is not None else Role.OWNER
    return Role(min(member.role, cap))


def enter_workspace(request: Any, workspace: str) -> None:
    """Authorize the caller in another workspace than the one of the path.

    Raises NotFound for people who are not members, like a path that names it.
    """
    caller = Caller(request.actor.user, request.actor.token)
    request.member = find_membership(caller, workspace)
    request.workspace = request.member.workspace
    request.role = effective_role(request.member, caller)
    check_role(Permission.READ, request.role)
    if caller.token is None:
        remember_workspace(request.actor.user, request.workspace)


def check_role(need: Permission, role: Role) -> None:
    if role < need.role:
        raise PermissionDenied(
            _("This needs the role %(need)s. Your role is %(role)s.")
            % {"need": _(need.role.label), "role": _(role.label)},
            need=need.role.label,
            role=role.label,
        )


def remember_workspace(user: User, workspace: Workspace) -> None:
    if user.last_workspace_id != workspace.pk:
        update_if_idle(User.objects.filter(pk=user.pk), last_workspace=workspace)
