"""Which view a list's address began from, and the state that it means.

`view=<slug>.<revision>` stands in the address of every list that a view opened, beside
the whole state: what differs from that revision is what was changed. `/v/<slug>/` and a
list that opens with a default show that very page, and name its address.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from runs.models import Experiment, View
from runs.pages.members_only import PageRequest
from runs.render.addresses import experiment_path
from runs.render.missing_words import missing_words
from runs.search.find_runs import RunPage, RunRow
from runs.search.scope import KINDS
from runs.search.view_missing import missing_columns, missing_list
from runs.search.views import find_default, find_view, revision_of
from studio.core.errors import NotFound
from studio.core.viewlenient import (
    Complaint,
    read_leniently,
    read_stored,
    without,
)
from studio.core.viewspec import Column, ViewSpec

#: What stands for the built-in view in an address.
BUILT_IN = "default"


@dataclass
class ListState:
    """The state of a list, and what it began from: `base`, of `view` (None: built in).

    `is_stale`: somebody saved the view after that.
    """

    spec: ViewSpec
    complaints: list[Complaint]
    view: View | None = None
    base: ViewSpec = field(default_factory=ViewSpec)

    @property
    def is_stale(self) -> bool:
        number = self.spec.view_revision
        return self.view is not None and 0 < number != self.view.revision


def read_state(
    request: PageRequest, experiment: Experiment | None, *, with_default: bool = False
) -> ListState:
    """The state in the request's address, its view not looked for yet.

    `with_default`: a list of which the address says nothing opens as was chosen.
    """
    view = None
    if with_default and not request.GET:
        view = find_default(request.workspace, request.actor.user, experiment)
        if view is not None:
            show_in_place(request, request.path, spec_of(view))
    spec, complaints = read_leniently(request.GET.dict())
    # Of a view's link: the address that the page names has only what could be followed.
    complaints = [*getattr(request, "unfollowed", ()), *complaints]
    return ListState(spec, complaints, view)


def with_view(
    request: PageRequest, state: ListState, view: View | None = None
) -> ListState:
    """The same with the view that it names: `view`, where that is known already."""
    spec = state.spec
    if not spec.view_slug or spec.view_slug == BUILT_IN:
        return state
    try:
        view = view or state.view
        if view is None:
            view = find_view(spec.view_slug, request.actor.user, request.workspace)
        return replace(state, view=view, base=_base(request, spec, view))
    except NotFound:
        # In one and the same sentence for what is private and what never was.
        said = _("There is no view %(name)s here.") % {"name": spec.view_slug}
        told = [*state.complaints, Complaint("view", said)]
        return ListState(without(spec, "view"), told)


def _base(request: PageRequest, spec: ViewSpec, view: View) -> ViewSpec:
    number = spec.view_revision or view.revision
    if number != view.revision:
        try:
            old = revision_of(view, request.actor.user, number)
            return read_stored(old.spec)[0]
        except NotFound:
            pass
    return read_stored(view.spec)[0]


def spec_of(view: View) -> ViewSpec:
    """What the view shows, as the address of its list says it."""
    return replace(read_stored(view.spec)[0], view=f"{view.slug}.{view.revision}")


def overridden(
    view: View, given: Mapping[str, str]
) -> tuple[ViewSpec, list[Complaint]]:
    """The view with what an address says beside it; an empty part is the default.

    And what the address says that could not be followed.
    """
    base = spec_of(view)
    own = {n: t for n, t in base.parameters().items() if n not in given}
    asked = {name: text for name, text in given.items() if text and name != "view"}
    spec, complaints = read_leniently({**own, **asked})
    return replace(spec, view=base.view), complaints


def list_path(workspace: str, experiment: Experiment | None) -> str:
    if experiment is None:
        return f"/w/{workspace}/runs/"
    return experiment_path(workspace, experiment.number, experiment.name)


def list_of(view: View) -> Experiment | None:
    """The experiment whose list the view shows; None for All runs, or if it is gone."""
    here = view.experiment
    return here if here is not None and here.deleted is None else None


def address_of(workspace: str, experiment: Experiment | None, spec: ViewSpec) -> str:
    query = spec.to_query()
    return list_path(workspace, experiment) + (f"?{query}" if query else "")


def show_in_place(request: PageRequest, path: str, spec: ViewSpec) -> None:
    """Let the request be one for that address: a redirect without the way.

    The page names the address, so that browsers show it.
    """
    query = spec.to_query()
    request.path = request.path_info = path
    request.META["QUERY_STRING"] = query
    request.GET = QueryDict(query)
    request.shown_at = f"{path}?{query}"  # type: ignore[attr-defined]


def missing_in(
    request: PageRequest, state: ListState, page: RunPage
) -> list[Complaint]:
    """What the view names and is gone, said as the list's notice.

    The list itself names selected runs that are. Nothing is asked where the page shows
    that all is there.
    """
    view = state.view
    if view is None:
        return []
    empty = [c.field for c in state.spec.columns if _is_empty(c, page.rows)]
    found = [*missing_list(view), *missing_columns(empty, request.workspace)]
    kinds: dict[str, list[str]] = {}
    for each in found:
        kinds.setdefault(each.kind, []).append(each.name)
    unread = [c.message for c in read_stored(view.spec)[1]]
    said = [*unread, *(missing_words(kind, names) for kind, names in kinds.items())]
    return [Complaint("view", text) for text in said]


def _is_empty(column: Column, rows: Sequence[RunRow]) -> bool:
    asked: Any = column.field
    return asked.kind in KINDS and not any(asked in row.values for row in rows)
