"""Whether a caller gets in: workspace, role and permission, denied by default."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from runs.access.authentication import Caller
from runs.access.best_effort_updates import update_if_idle
from runs.access.error_responses import MethodNotAllowed, find_declaration, is_api_path
from runs.access.origins import SAFE_METHODS
from runs.access.permissions import BROWSER_ONLY, Access, Permission
from runs.models import ApiToken, Member, Role, User, Workspace
from runs.storage.prepared import Prepared
from studio.core.errors import NotFound, PermissionDenied, SignInRequired, TooLarge

#: What callers who are not signed in can send; the sign-in form is far smaller.
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
    """The view's declaration for this method; refused without one."""
    views = getattr(view, "by_method", None)
    if views and request.method not in views:
        raise MethodNotAllowed(
            _("%(method)s is not possible here.") % {"method": request.method},
            allowed=sorted(views),
        )
    declared = find_declaration(request, view)
    if declared is None:
        raise PermissionDenied(_("Nobody may open this address."))
    return declared


def body_limit(declared: Access) -> int:
    """The largest body that a view takes, in bytes."""
    return settings.MAX_UPLOAD if declared.streams_body else settings.MAX_BODY


def body_limit_for_caller(request: Any, view: Any) -> int:
    """The same for this caller, who was let in: strangers send forms, no files."""
    if request.actor.user is None:
        return MAX_ANONYMOUS_BODY_BYTES
    return body_limit(declared_access(request, view))


def check_body_size(request: HttpRequest, limit: int) -> None:
    """TooLarge by the announced length, before a byte of the body is read."""
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return
    if length > limit:
        raise TooLarge(
            _("The body has %(length)s bytes; at most %(limit)s are allowed.")
            % {"length": length, "limit": limit},
            limit=limit,
        )


def require_signed_in_user(
    request: HttpRequest, declared: Access, caller: Caller
) -> User:
    """The signed-in user; what only a person may do is refused to tokens."""
    if caller.user is None:
        raise SignInRequired(_sign_in_hint(request))
    if caller.token is None:
        return caller.user
    writes_page = declared.errors is None and request.method not in SAFE_METHODS
    if declared.need == BROWSER_ONLY or writes_page:
        raise PermissionDenied(_("A token cannot do this; sign in with a browser."))
    return caller.user


def _sign_in_hint(request: HttpRequest) -> str:
    """Programs have tokens, people a form."""
    if not is_api_path(request):
        return _("Sign in to see this.")
    return _(
        "A token is needed here, sent as the header Authorization: Bearer TOKEN. The "
        "account page makes one, and on the server's machine studio env prints one."
    )


def find_membership(caller: Caller, name: str | None) -> Member:
    """The caller's membership where the path points; to outsiders there is nothing.

    A bare path means the token's workspace, in a browser the last used one.
    """
    assert caller.user is not None
    member = _find_member(caller.user, caller.token, name)
    if member is None:
        raise NotFound(
            _("There is no such workspace, or you are not a member of it."),
            missing="workspace",
        )
    member.user = caller.user
    return member


def _find_member(user: User, token: ApiToken | None, name: str | None) -> Member | None:
    if name is None:
        workspace_id = token.workspace_id if token else user.last_workspace_id
        return _members_by_id.first(user.pk, workspace_id)
    # No workspace has such a name, and PostgreSQL does not even look for NUL.
    return _members_by_name.first(user.pk, name) if name.isprintable() else None


def effective_role(member: Member, caller: Caller) -> Role:
    """The member's role, lowered to the token's cap."""
    cap = caller.token.role_cap if caller.token is not None else Role.OWNER
    return Role(min(member.role, cap))


def enter_workspace(request: Any, workspace: str) -> None:
    """Let the caller of a view without a workspace in its path into that one.

    Raises NotFound for outsiders, like a path that names it.
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
            _("This needs the role %(need)s; yours is %(role)s.")
            % {"need": need.role.label, "role": role.label},
            need=need.role.label,
            role=role.label,
        )


def remember_workspace(user: User, workspace: Workspace) -> None:
    if user.last_workspace_id != workspace.pk:
        update_if_idle(User.objects.filter(pk=user.pk), last_workspace=workspace)
