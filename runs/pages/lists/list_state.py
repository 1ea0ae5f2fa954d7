"""What a request wants of a run list: read once from its address, and passed on.

A list's page, and each part of it that has an address of its own, reads that address
here. What they call takes the state; nothing reads the address again or changes the
request.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.http import QueryDict

from runs.actions.clock import now_ms
from runs.models import Experiment, User, View, Workspace
from runs.pages.lists.list_scope import ListScope, scope_of
from runs.pages.requests.page_request import PageRequest
from studio.core.viewlenient import Complaint, read_leniently
from studio.core.viewspec import ViewSpec


@dataclass(frozen=True)
class Origin:
    """The view that a list began from.

    `base` is the revision that it began from, `newest` what the view is now, and
    `unread` is what this version cannot read of it.
    """

    view: View
    base: ViewSpec
    newest: ViewSpec
    unread: tuple[Complaint, ...] = ()


@dataclass(frozen=True)
class ListState:
    """The state of a list with its filter, where it is, who looks and when."""

    viewer: User
    workspace: Workspace
    scope: ListScope
    spec: ViewSpec
    #: What relative dates of the filter count from, in ms.
    now: int
    #: The address of the page or part without its query string.
    path: str
    #: The whole query string, with what is none of the spec's.
    given: QueryDict
    #: What of the address could not be followed.
    complaints: tuple[Complaint, ...] = ()
    #: None: the built-in view, or one that is not looked for yet.
    origin: Origin | None = None
    #: The list's own address, where the page was opened by another one.
    shown_at: str = ""

    @property
    def experiment(self) -> Experiment | None:
        return self.scope.experiment

    @property
    def view(self) -> View | None:
        return self.origin.view if self.origin else None

    @property
    def is_stale(self) -> bool:
        """Whether a member saved the view after the revision of this list."""
        number = self.spec.view_revision
        return self.view is not None and 0 < number != self.view.revision

    def showing(self, spec: ViewSpec, *more: Complaint) -> ListState:
        """The same list in another state, with more that could not be followed."""
        return replace(self, spec=spec, complaints=(*self.complaints, *more))


def read_page(request: PageRequest, scope: ListScope, given: QueryDict) -> ListState:
    """Of a list's page; what is wrong in its query string is among its complaints."""
    texts = {name: str(text) for name, text in given.items()}
    spec, complaints = read_leniently(texts)
    state = state_with(request, scope, spec)
    return replace(state, given=given, complaints=tuple(complaints))


def read_part(request: PageRequest) -> ListState:
    """Of a part of a list; raises InvalidValue for what is wrong."""
    scope = scope_of(request)
    return state_with(request, scope, ViewSpec.from_query(request.GET.dict()))


def read_part_leniently(request: PageRequest) -> ListState:
    """Of a part of a list, as far as it can be read."""
    return read_page(request, scope_of(request), request.GET)


def state_with(request: PageRequest, scope: ListScope, spec: ViewSpec) -> ListState:
    """Of a list whose state is known."""
    return ListState(
        request.actor.user,
        request.workspace,
        scope,
        spec,
        now_ms(),
        request.path,
        request.GET,
    )
