"""The one table of permissions, and how a view says which one it asks for.

A view without a declaration answers nobody: `runs.access.middleware` refuses it, and a
test walks all URLs. `/w/<workspace>/…` is resolved there too: the view finds the
workspace, the caller's role and the actor on the request.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django_htmx.middleware import HtmxDetails

from runs.actions.actor import Actor
from runs.models import ApiToken, Member, Role, User, Workspace
from studio.core.errors import NotFound, SignInRequired, StudioError


class Permission(Enum):
    """What can be asked for in a workspace, with the least role that may."""

    READ = (Role.READER, "read")
    STAR = (Role.READER, "star")
    VIEWS = (Role.READER, "keep views")
    LOG = (Role.CONTRIBUTOR, "log")
    ANNOTATE = (Role.CONTRIBUTOR, "annotate")
    CANCEL = (Role.CONTRIBUTOR, "cancel")
    TRASH = (Role.CONTRIBUTOR, "trash")
    SHARE_VIEWS = (Role.CONTRIBUTOR, "share views")
    MEMBERS = (Role.OWNER, "members")
    SHARE_OUT = (Role.OWNER, "share with outsiders")
    LOCK = (Role.OWNER, "lock")
    PURGE = (Role.OWNER, "purge")

    @property
    def role(self) -> Role:
        return Role(self.value[0])


#: Anybody, signed in or not.
PUBLIC = "public"
#: Anybody who is signed in, member of whatever workspace.
SIGNED_IN = "signed in"
#: The same, but in a browser: a token may not touch its owner's account.
BROWSER_ONLY = "in person"

ErrorRenderer = Callable[[HttpRequest, StudioError], HttpResponse]


@dataclass(frozen=True)
class Access:
    """A view's declaration. Without `errors` the answer to an error is a page."""

    need: Permission | str
    errors: ErrorRenderer | None = None
    # Large bodies are read by the view itself, in pieces (uploads).
    streams_body: bool = False


class StudioRequest(HttpRequest):
    """What a view gets. Without a workspace in the path those fields are None."""

    workspace: Workspace | None
    member: Member | None
    role: Role | None
    token: ApiToken | None
    actor: Actor
    htmx: HtmxDetails


def signed_in_user(request: StudioRequest) -> User:
    """The caller of a view that is not public; the middleware let nobody else in."""
    if request.actor.user is None:
        raise SignInRequired("Sign in to see this.")
    return request.actor.user


def workspace_of(request: StudioRequest) -> Workspace:
    """The workspace of a view that asks for a permission there."""
    if request.workspace is None:
        raise NotFound("There is no such workspace.")
    return request.workspace


View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def access(
    need: Permission | str,
    *,
    errors: ErrorRenderer | None = None,
    streams_body: bool = False,
) -> Callable[[View], View]:
    """Declare what a view asks for; the outermost decorator of every view."""

    def declare(view: View) -> View:
        declared: Any = view
        declared.access = Access(need, errors, streams_body)
        return view

    return declare


def by_method(**views: Callable[..., HttpResponseBase]) -> Callable[..., Any]:
    """One path, a view per method: `by_method(GET=list_tokens, POST=make_token)`.

    Each view keeps its own declaration; any other method is answered with 405 by the
    middleware, in the form that the first view's errors have.
    """
    if "GET" in views:
        views.setdefault("HEAD", views["GET"])

    def dispatch(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        return views[str(request.method)](request, **kwargs)

    declared: Any = dispatch
    declared.by_method = views
    return dispatch
