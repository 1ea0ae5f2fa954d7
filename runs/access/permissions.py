"""The table of permissions, and how a view declares which one it needs.

`runs.access.middleware` refuses views without a declaration, and a test checks all
URLs. It also finds the workspace of `/w/<workspace>/…`: the view reads the workspace,
the caller's role and the actor from the request.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from django_htmx.middleware import HtmxDetails

from runs.actions.actor import Actor
from runs.models import ApiToken, Member, Role, User, Workspace
from studio.core.errors import NotFound, SignInRequired, StudioError


class Permission(Enum):
    """A permission in a workspace, with the lowest role that has it."""

    READ = (Role.READER, "read")
    STAR = (Role.READER, "star")
    VIEWS = (Role.READER, "save views")
    LOG = (Role.CONTRIBUTOR, "log")
    ANNOTATE = (Role.CONTRIBUTOR, "annotate")
    CANCEL = (Role.CONTRIBUTOR, "cancel")
    TRASH = (Role.CONTRIBUTOR, "trash")
    SHARE_VIEWS = (Role.CONTRIBUTOR, "share views")
    MEMBERS = (Role.OWNER, "manage members")
    SHARE_OUT = (Role.OWNER, "create public links")
    LOCK = (Role.OWNER, "lock")
    PURGE = (Role.OWNER, "purge")

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

ErrorRenderer = Callable[[HttpRequest, StudioError], HttpResponse]


@dataclass(frozen=True)
class Access:
    """A view's declaration. Without `errors` an error is shown as a page."""

    need: Permission | str
    errors: ErrorRenderer | None = None
    # The view itself reads a large body in chunks (uploads).
    streams_body: bool = False


class StudioRequest(HttpRequest):
    """The request of a view. Without a workspace in the path those fields are None."""

    workspace: Workspace | None
    member: Member | None
    role: Role | None
    token: ApiToken | None
    actor: Actor
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


View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def access(
    need: Permission | str,
    *,
    errors: ErrorRenderer | None = None,
    streams_body: bool = False,
) -> Callable[[View], View]:
    """Declare what a view needs; the outermost decorator of every view."""

    def declare(view: View) -> View:
        declared: Any = view
        declared.access = Access(need, errors, streams_body)
        return view

    return declare


def by_method(**views: Callable[..., HttpResponseBase]) -> Callable[..., Any]:
    """Serve one path with a view per method: `by_method(GET=list_tokens,
    POST=create_token)`.

    Each view keeps its own declaration. The middleware answers other methods with 405,
    with the renderer of the first view.
    """
    if "GET" in views:
        views.setdefault("HEAD", views["GET"])

    def dispatch(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        return views[str(request.method)](request, **kwargs)

    declared: Any = dispatch
    declared.by_method = views
    return dispatch


def find_declaration(request: HttpRequest, view: Any) -> Access | None:
    """Return what a view declares for this request's method; None without a
    declaration.
    """
    views = getattr(view, "by_method", None)
    if views:
        first = next(iter(views.values()))
        view = views.get(request.method, first)
    declared: Access | None = getattr(view, "access", None)
    return declared
