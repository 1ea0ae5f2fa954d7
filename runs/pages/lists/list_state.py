"""The state of a run list: read once from the address of a request, and passed on.

The page of a list, and each part with its own address, reads its address here. The
functions that they call take the state: they never read the address again, and nothing
changes the request.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, quote, unquote, urlencode

from django.db.models import F, QuerySet
from django.http import Http404, HttpResponse, HttpResponseRedirect, QueryDict
from django.utils.translation import gettext as _

from runs.models import Experiment, User, View, Workspace, now_ms
from runs.pages.requests import PageRequest
from runs.render.formats import experiment_path, run_path
from studio.core.errors import InvalidFilter, NotFound
from studio.core.filters.source import FilterText
from studio.core.filters.tree import Comparison, Text, attribute
from studio.core.view_spec import (
    DEFAULT_ROWS,
    ParameterWarning,
    ViewSpec,
    parse_tolerant,
)

RUN_PREFIX = "run."
#: The same of the parameter that names the activity, before its other parameters.
ACTIVITY_PREFIX = "activity."


@dataclass(frozen=True)
class ListScope:
    """Which list: all runs, those of an experiment, or the children of a run.

    `path` is the list's own address without a query string; `number` is the value of
    the parameter `in` that names it. The activity is filtered in the same way: `more`
    are its own parameters, as a query string.
    """

    experiment: Experiment | None
    path: str
    number: str = ""
    more: str = ""

    @property
    def name(self) -> str:
        """The text of links back to the list."""
        if self.experiment:
            return self.experiment.name
        if self.is_activity:
            return _("Activity")
        return _("Child runs") if self.number else _("All runs")

    @property
    def is_activity(self) -> bool:
        return self.number.startswith(ACTIVITY_PREFIX)

    @property
    def parent(self) -> str:
        """The ID of the run whose children are listed, or an empty text."""
        return parent_of_number(self.number)

    @property
    def q(self) -> FilterText:
        """The term that the page adds to every filter."""
        return FilterText.of_tree(children_term(self.parent) if self.parent else None)

    def scoped(self, q: str) -> str:
        """Return the filter with the term for the children of the run."""
        if not self.parent:
            return q
        term = children_term(self.parent)
        try:
            source = FilterText.of(q).source
        except InvalidFilter:
            # The list shows the error, and the runs of the readable part.
            return q
        # Once only, because links of the page already contain the term.
        return (
            q
            if term in source.nodes
            else FilterText.of_source(source.source_with_first_term(term))
        )

    def unscoped(self, q: str) -> str:
        """Return the filter as the reader typed it: the page adds the parent itself."""
        if not self.parent:
            return q
        try:
            source = FilterText.of(q).source
        except InvalidFilter:
            return q
        if children_term(self.parent) not in source.nodes:
            return q
        rest = source.text_without_terms(source.nodes.index(children_term(self.parent)))
        inside = rest[1:-1]
        is_wrapped = rest.startswith("(") and self.scoped(inside) == q
        return inside if is_wrapped else rest

    def address_of(self, spec: ViewSpec) -> str:
        """The address of the list in that state."""
        query = "&".join(filter(None, [spec.to_query(), self.more]))
        return self.path + (f"?{query}" if query else "")


def parent_of_number(number: str) -> str:
    """Return the ID of the run whose children the list of this number has."""
    is_of_run = number.startswith(RUN_PREFIX)
    return number.removeprefix(RUN_PREFIX) if is_of_run else ""


def children_term(run_id: str) -> Comparison:
    """Return the term that finds the children of a run."""
    return Comparison(attribute("parent"), "=", (Text(run_id),))


def find_experiment(
    request: PageRequest, slug: str, *, in_trash: bool = False
) -> Experiment:
    """Find the experiment by its name, a former name, or as `~<id>`.

    Raises NotFound otherwise, and for one in the trash unless `in_trash` is set.
    """
    visible = Experiment.objects.visible_to(request.actor.user)
    here = visible.filter(workspace=request.workspace)
    if slug.startswith("~"):
        number = slug[1:]
        # Digits of other scripts are digits too; 19 digits exceed 64 bits.
        if not (number.isascii() and number.isdigit() and len(number) < 19):
            raise Http404(slug)
        found = here.filter(number=int(number)).first()
    else:
        found = here.filter(name=slug).first() or _find_by_former_name(here, slug)
    if found is None:
        raise Http404(slug)
    if found.deleted is not None and not in_trash:
        raise NotFound(
            _("The experiment %(name)r is in the trash. Restore it first.")
            % {"name": found.name}
        )
    return found


def _find_by_former_name(
    experiments: QuerySet[Experiment], name: str
) -> Experiment | None:
    return experiments.filter(
        former_names__name=name, former_names__workspace=F("workspace")
    ).first()


def read_scope(request: PageRequest) -> ListScope:
    """Read the parameter `in`; raise Http404 for an unknown experiment."""
    return find_scope(request, request.GET.get("in", ""))


def read_filtered_scope(request: PageRequest) -> ListScope:
    """Read the parameter `in`, which can also name the activity."""
    number = request.GET.get("in", "")
    if not number.startswith(ACTIVITY_PREFIX):
        return find_scope(request, number)
    pairs = parse_qsl(number.removeprefix(ACTIVITY_PREFIX))
    more = urlencode([pair for pair in pairs if pair[0] != "q"])
    path = f"/w/{request.workspace.name}/activity/"
    return ListScope(None, path, f"{ACTIVITY_PREFIX}{more}", more)


def find_scope(request: PageRequest, number: str) -> ListScope:
    """Find the list named `number`; raise Http404 for an unknown experiment."""
    workspace = request.workspace.name
    if not number or number.startswith(RUN_PREFIX):
        return build_scope(workspace, None, number)
    return build_scope(workspace, find_experiment(request, f"~{number}"), number)


def build_scope(
    workspace: str, experiment: Experiment | None, number: str
) -> ListScope:
    """Return the list of the experiment; without one, the list named `number`."""
    if experiment is not None:
        path = experiment_path(workspace, experiment.number, experiment.name)
        return ListScope(experiment, path, scope_number(experiment))
    if number.startswith(RUN_PREFIX):
        run_id = number.removeprefix(RUN_PREFIX)
        return ListScope(None, f"{run_path(workspace, run_id)}children/", number)
    return ListScope(None, f"/w/{workspace}/runs/")


def scope_number(experiment: Experiment | None) -> str:
    """Return the value of `in` for the list of an experiment, or for All runs."""
    return "" if experiment is None else str(experiment.number)


@dataclass(frozen=True)
class ViewOrigin:
    """The view that a list was opened with.

    `base` is the revision that was opened, `newest` the current one. `unread` are the
    parts that this version of the server can't read.
    """

    view: View
    base: ViewSpec
    newest: ViewSpec
    unread: tuple[ParameterWarning, ...] = ()


@dataclass(frozen=True)
class ListState:
    """The state of a list: its filter and columns, its scope, the viewer, the time."""

    viewer: User
    workspace: Workspace
    scope: ListScope
    spec: ViewSpec
    #: Relative dates in the filter count from here, in ms.
    now: int
    #: The address of the page or part without its query string.
    path: str
    #: The whole query string, with parameters that are not part of the spec.
    parameters: QueryDict
    #: Warnings about ignored parts of the address.
    complaints: tuple[ParameterWarning, ...] = ()
    #: None: the built-in view, or the view was not looked up yet.
    origin: ViewOrigin | None = None
    #: The list's own address, if the page was opened at another one.
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

    def with_spec(self, spec: ViewSpec, *more: ParameterWarning) -> ListState:
        """Return the same list in another state, with more warnings."""
        return replace(self, spec=spec, complaints=(*self.complaints, *more))


def read_state_tolerantly(
    request: PageRequest, scope: ListScope, parameters: QueryDict
) -> ListState:
    """Read the state from a query string; its errors become complaints."""
    texts = {name: str(text) for name, text in parameters.items()}
    spec, complaints = parse_tolerant(texts)
    state = build_state(request, scope, spec)
    return replace(state, parameters=parameters, complaints=tuple(complaints))


def read_part_state(request: PageRequest) -> ListState:
    """Read the state for a part of the page; raise InvalidValue for an error."""
    scope = read_scope(request)
    return build_state(request, scope, ViewSpec.from_query(request.GET.dict()))


def read_part_state_tolerantly(request: PageRequest) -> ListState:
    """Read the state for a part of the page; its errors become complaints."""
    return read_state_tolerantly(request, read_scope(request), request.GET)


def build_state(request: PageRequest, scope: ListScope, spec: ViewSpec) -> ListState:
    """Return the state for a spec that was already read."""
    return ListState(
        request.actor.user,
        request.workspace,
        scope,
        spec,
        now_ms(),
        request.path,
        request.GET,
    )


#: The form's field with the escaped filter, because browsers change line breaks.
LINES_PARAMETER = "lines"
_LINE_BREAK = re.compile(r"[\r\n]")


def in_one_line(q: str) -> str:
    """Return the filter as the search box shows it, with the same length."""
    return _LINE_BREAK.sub(" ", q)


def hidden_line_breaks_input(q: str) -> list[tuple[str, str]]:
    """Return the hidden input that keeps the line breaks of the filter."""
    return [(LINES_PARAMETER, quote(q, safe=""))] if _LINE_BREAK.search(q) else []


def restore_line_breaks(parameters: QueryDict) -> QueryDict:
    """Return the parameters with the line breaks that the search box dropped."""
    if LINES_PARAMETER not in parameters:
        return parameters
    found = parameters.copy()
    whole = unquote(str(found.pop(LINES_PARAMETER)[-1]))
    found["q"] = rejoin_lines(whole, parameters.get("q", ""))
    return found


def normalize_line_breaks(parameters: QueryDict) -> QueryDict:
    """Return the parameters with `\n` for the `\r\n` that browsers send."""
    found = parameters.copy()
    for name, values in parameters.lists():
        found.setlist(name, [each.replace("\r\n", "\n") for each in values])
    return found


def rejoin_lines(multiline: str, typed: str) -> str:
    """Return `typed` with the line breaks of the unchanged parts of `multiline`."""
    shown = in_one_line(multiline)
    # Only the edited middle can lose line breaks: both ends are taken from `multiline`.
    start = _common_start_length(shown, typed)
    # Without the start, or repeated text would count for both ends.
    end = _common_start_length(shown[start:][::-1], typed[start:][::-1])
    return (
        multiline[:start]
        + typed[start : len(typed) - end]
        + multiline[len(multiline) - end :]
    )


def _common_start_length(one: str, other: str) -> int:
    """Return the length of the common start."""
    pairs = enumerate(zip(one, other, strict=False))
    room = min(len(one), len(other))
    return next((n for n, (mine, its) in pairs if mine != its), room)


_FILTER_FORM = "filter-form"


def has_redundant_parameters(request: PageRequest) -> bool:
    """Whether a form without JavaScript sent default values.

    In a view, an empty filter and the default number of rows can be deliberate.
    """
    parameters = request.GET
    if request.htmx or "view" in parameters:
        return False
    return parameters.get("q") == "" or parameters.get("rows") == str(DEFAULT_ROWS)


def redirect_to_query(request: PageRequest, query: str) -> HttpResponse:
    """Redirect to the same page with another query string."""
    return HttpResponseRedirect(join_address(request.path, query))


def with_pushed_url(
    request: PageRequest, response: HttpResponse, path: str, query: str
) -> HttpResponse:
    """Make the browser show this query string, if a script sent the form."""
    # The form's own address also has hidden inputs and default values.
    if request.htmx and request.htmx.trigger == _FILTER_FORM:
        response["HX-Push-Url"] = join_address(path, query)
    return response


def join_address(path: str, query: str) -> str:
    query = query.removeprefix("?")
    return path + (f"?{query}" if query else "")
