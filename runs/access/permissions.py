"""The table of permissions: how views declare which they need, and who has them.

`runs.access.middleware` refuses views without a declaration, and a test checks all
URLs. It also finds the workspace of `/w/<workspace>/…`: the view reads the workspace,
the caller's role and the actor from the request.

With an Authorization header only the header counts: an invalid token is refused even if
the request has a session cookie. Tokens in the query string are ignored.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django_htmx.middleware import HtmxDetails

from runs.access.best_effort_updates import update_if_idle
from runs.actions.account import hash_secret
from runs.actions.actor import Actor
from runs.http import invalid_token, read_secret
from runs.models import (
    ApiToken,
    BrowserSession,
    ChangeWay,
    Member,
    Role,
    TokenKind,
    User,
    Workspace,
)
from runs.storage.prepared import Prepared
from studio.core.connection import CLI, SDK
from studio.core.errors import (
    InvalidRequest,
    NotFound,
    PermissionDenied,
    SignInRequired,
    StudioError,
    TooLarge,
)


class Permission(Enum):
    """A permission in a workspace, with the lowest role that has it."""

    READ = (Role.READER, "read")
    STAR = (Role.READER, "star")
    FOLLOW = (Role.READER, "follow")
    VIEWS = (Role.READER, "save views")
    LOG = (Role.CONTRIBUTOR, "log")
    ANNOTATE = (Role.CONTRIBUTOR, "annotate")
    CANCEL = (Role.CONTRIBUTOR, "cancel")
    TRASH = (Role.CONTRIBUTOR, "trash")
    SHARE_VIEWS = (Role.CONTRIBUTOR, "share views")
    SUBMIT = (Role.CONTRIBUTOR, "submit runs")
    MEMBERS = (Role.OWNER, "manage members")
    SHARE_OUT = (Role.OWNER, "create public links")
    ALERTS = (Role.CONTRIBUTOR, "manage alert rules")
    CHANNELS = (Role.OWNER, "manage channels of alerts")
    LOCK = (Role.CONTRIBUTOR, "lock")
    PURGE = (Role.OWNER, "purge")
    QUOTA = (Role.OWNER, "set the quota")
    RETENTION = (Role.OWNER, "manage retention rules")
    SEARCH_INDEX = (Role.OWNER, "switch log search on or off")
    COMPUTE = (Role.OWNER, "manage compute targets, agents and secrets")
    # Only the tokens of agents have it.
    SERVE = (Role.OWNER, "serve a compute target")

    @property
    def role(self) -> Role:
        return Role(self.value[0])


#: Methods of requests that change nothing.
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
#: Everyone, signed in or not.
PUBLIC = "public"
#: Everyone who is signed in, with any workspace or none.
SIGNED_IN = "signed in"
#: The same, but only in a browser: tokens cannot change their owner's account.
BROWSER_ONLY = "in person"

#: Programs of the operator (`operator_requests`).
OPERATOR = "operator"

#: Content types that pages offer to scripts, by `Accept`.
SCRIPT_FORMATS = ("application/json", "text/csv", "text/plain")
_API_PATH = re.compile(r"/(w/[^/]+/)?(ajax-)?api(/|$)")
_MLFLOW_PATH = re.compile(r"/(w/[^/]+/)?(ajax-)?api/\d+\.\d+/mlflow")

ErrorRenderer = Callable[[HttpRequest, StudioError], HttpResponse]


@dataclass(frozen=True)
class AccessDeclaration:
    """A view's declaration. Without `errors` an error is shown as a page."""

    need: Permission | str
    errors: ErrorRenderer | None = None
    # The view itself reads a large body in chunks (uploads).
    streams_body: bool = False
    # The tokens of runs can use it, on the runs of their tree.
    scoped_tokens: bool = False
    # A public view whose address is itself the permission (`signed_addresses`).
    check_address: Callable[[Any, dict[str, Any]], None] | None = None


class MethodNotAllowed(InvalidRequest):
    """The path exists, the method does not. Details: `allowed`, a list of methods."""

    code = "MethodNotAllowed"
    status = 405


class StudioRequest(HttpRequest):
    """The request of a view. Without a workspace in the path those fields are None."""

    workspace: Workspace | None
    member: Member | None
    role: Role | None
    token: ApiToken | None
    actor: Actor
    # With the token of a run: the key of its tree's root, and whether only that tree's
    # runs can be changed.
    tree: int | None
    is_limited_to_tree: bool
    htmx: HtmxDetails


def signed_in_user(request: StudioRequest) -> User:
    """Return the caller of a view that is not public."""
    if request.actor.user is None:
        raise SignInRequired(_("Sign in to see this page."))
    return request.actor.user


def workspace_of(request: StudioRequest) -> Workspace:
    """Return the workspace of a view that needs a permission in it."""
    if request.workspace is None:
        raise NotFound(_("This workspace doesn't exist."))
    return request.workspace


def is_api_path(request: HttpRequest) -> bool:
    """Return whether programs call this path: it belongs to REST or MLflow."""
    return bool(_API_PATH.match(request.path_info))


def preferred_format(request: HttpRequest) -> str:
    """Return the content type that a script prefers to the page; empty for the page."""
    found = request.get_preferred_type(["text/html", *SCRIPT_FORMATS])
    return found if found in SCRIPT_FORMATS else ""


View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def access(
    need: Permission | str,
    *,
    errors: ErrorRenderer | None = None,
    streams_body: bool = False,
    scoped_tokens: bool = False,
    check_address: Callable[[Any, dict[str, Any]], None] | None = None,
) -> Callable[[View], View]:
    """Declare what a view needs; the outermost decorator of every view."""

    def declare(view: View) -> View:
        declared: Any = view
        declared.access = AccessDeclaration(
            need, errors, streams_body, scoped_tokens, check_address
        )
        return view

    return declare


def view_by_method(**views: Callable[..., HttpResponseBase]) -> Callable[..., Any]:
    """Serve one path with a view per method: `view_by_method(GET=list_tokens,
    POST=create_token)`.

    Each view keeps its own declaration. The middleware answers other methods with 405,
    with the renderer of the first view.
    """
    if "GET" in views:
        views.setdefault("HEAD", views["GET"])

    def call_view_of_method(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        return views[str(request.method)](request, **kwargs)

    declared: Any = call_view_of_method
    declared.view_by_method = views
    return call_view_of_method


def find_access_declaration(
    request: HttpRequest, view: Any
) -> AccessDeclaration | None:
    """Return what a view declares for this request's method; None without a
    declaration.
    """
    views = getattr(view, "view_by_method", None)
    if views:
        first = next(iter(views.values()))
        view = views.get(request.method, first)
    declared: AccessDeclaration | None = getattr(view, "access", None)
    return declared


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


def change_way(request: HttpRequest, caller: Caller) -> ChangeWay:
    """Return how a change was requested, for its change set.

    The address and the program's name tell; pages call REST with a session.
    """
    if caller.token is None:
        return ChangeWay.BROWSER
    # Not the word alone, because a workspace can be named mlflow.
    if _MLFLOW_PATH.match(request.path_info):
        return ChangeWay.MLFLOW
    program = request.headers.get("User-Agent", "").partition("/")[0]
    return {SDK: ChangeWay.SDK, CLI: ChangeWay.CLI}.get(program, ChangeWay.REST)


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
    # Expiry is compared below, because prepared statements do not convert times.
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


def has_token_scope(declared: AccessDeclaration, token: ApiToken | None) -> bool:
    """Return whether `token_scopes` has a rule for this view or token."""
    return (
        _is_scoped(token)
        or (token is not None and token.role_cap == Role.READER)
        or declared.need is Permission.SERVE
    )


def _is_scoped(token: ApiToken | None) -> bool:
    return token is not None and token.kind != TokenKind.ORDINARY


def declared_access(request: HttpRequest, view: Any) -> AccessDeclaration:
    """Return the view's declaration for this method; a view without one is refused."""
    views = getattr(view, "view_by_method", None)
    if views and request.method not in views:
        raise MethodNotAllowed(
            _("The method %(method)s is not allowed here.")
            % {"method": request.method},
            allowed=sorted(views),
        )
    declared = find_access_declaration(request, view)
    if declared is None:
        raise PermissionDenied(_("This page can't be opened."))
    return declared


def body_limit(declared: AccessDeclaration) -> int:
    """Return the largest body that a view accepts, in bytes."""
    return settings.MAX_UPLOAD if declared.streams_body else settings.MAX_BODY


def body_limit_for_caller(request: Any, view: Any) -> int:
    """Return the largest body that a view accepts from this authorized caller.

    Callers who are not signed in send forms, never files.
    """
    declared = declared_access(request, view)
    if request.actor.user is None and declared.check_address is None:
        return MAX_ANONYMOUS_BODY_BYTES
    return body_limit(declared)


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
    request: HttpRequest, declared: AccessDeclaration, caller: Caller
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


def find_membership(caller: Caller, workspace_name: str | None) -> Member:
    """Return the caller's membership in the workspace of the path, or raise NotFound.

    A path without a workspace means the token's workspace, or in a browser the one that
    was used last.
    """
    assert caller.user is not None
    member = _find_named_or_default_member(caller.user, caller.token, workspace_name)
    token = caller.token
    is_elsewhere = member and token and member.workspace_id != token.workspace_id
    if member is None or (_is_scoped(token) and is_elsewhere):
        raise NotFound(
            _("This workspace doesn't exist, or you are not a member of it."),
            missing="workspace",
        )
    # Known already, so reading it costs no query.
    member.user = caller.user
    return member


def _find_named_or_default_member(
    user: User, token: ApiToken | None, workspace_name: str | None
) -> Member | None:
    if workspace_name is None:
        workspace_id = token.workspace_id if token else user.last_workspace_id
        return _members_by_id.first(user.pk, workspace_id)
    # No workspace has such a name, and PostgreSQL refuses to look for NUL.
    return (
        _members_by_name.first(user.pk, workspace_name)
        if workspace_name.isprintable()
        else None
    )


def find_member_by_id(user: int, workspace: int) -> Member | None:
    rows = Member.objects.select_related("workspace", "user")
    return rows.filter(user_id=user, workspace_id=workspace).first()


def effective_role(member: Member, caller: Caller) -> Role:
    """Return the member's role, limited to the token's maximum role."""
    cap = caller.token.role_cap if caller.token is not None else Role.OWNER
    return Role(min(member.role, cap))


def check_role(need: Permission, role: Role, member: Member | None = None) -> None:
    """Raise PermissionDenied for a lower role; `member` explains a token's limit."""
    if role >= need.role:
        return
    names = {"need": _(need.role.label), "role": _(role.label)}
    text = _("This needs the role %(need)s. Your role is %(role)s.")
    if member is not None and member.role >= need.role:
        text = _(
            "This needs the role %(need)s, and this token is limited to %(role)s. "
            "Create a token with the maximum role %(need)s on the Account page."
        )
    raise PermissionDenied(text % names, need=need.role.label, role=role.label)


def remember_workspace(user: User, workspace: Workspace) -> None:
    if user.last_workspace_id != workspace.pk:
        update_if_idle(User.objects.filter(pk=user.pk), last_workspace=workspace)
