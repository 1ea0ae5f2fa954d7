"""What a change of the selected runs will do: to how many, and which it skips."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import ngettext_lazy

from runs.access import Permission
from runs.actions.background_tasks import LARGE_CHANGE, start_bulk_change
from runs.actions.bulk import (
    BulkChange,
    BulkResult,
    Skip,
    apply_bulk_change,
    find_all_skipped,
    with_descendants,
)
from runs.models import BackgroundTask, Run, now_ms
from runs.pages.bulk.bulk_actions import skip_texts, skipped_message, with_number
from runs.pages.lists import ListState, find_keys_up_to, read_matching_bound
from runs.pages.requests import PageRequest
from runs.pages.undo import task_path, undo_path_of
from runs.search.query import find_visible_selection

_IN_BACKGROUND = ngettext_lazy(
    "%(number)s run is changed in the background",
    "%(number)s runs are changed in the background",
    "n",
)
#: The dialog looks at each run of up to this many, and else at the first ones.
MAX_PLANNED, PLANNED_OF_MORE = 10_000, 1_000
#: Skipped runs that the dialog names.
MAX_NAMED = 5
#: Fields of the dialogs' forms; all other parameters are of the list.
FORM_FIELDS = frozenset(
    "asked below add new do pattern find replacement to status reason".split()
)
#: Reasons that a member wants to know the runs of.
NAMED_SKIPS = (
    Skip.LOCKED,
    Skip.LOCKED_BY_OTHERS,
    Skip.REGISTERED,
    Skip.CHILD,
    Skip.LAUNCHER,
    Skip.NAME,
)


@dataclass(frozen=True)
class BulkTarget:
    """The selected runs, and all runs below them."""

    keys: tuple[int, ...]
    below: tuple[int, ...]
    is_below_included: bool
    #: The dialog of very many runs does not look for those below them.
    has_unknown_below: bool = False

    @property
    def all(self) -> tuple[int, ...]:
        """The runs that the change is for."""
        return self.keys + self.below if self.is_below_included else self.keys

    @property
    def planned(self) -> tuple[int, ...]:
        """The runs that the dialog looks at: all, or the first of very many."""
        return first_planned(self.keys)


def find_target(
    request: PageRequest,
    state: ListState,
    *,
    offers_children: bool,
    in_trash: bool = False,
) -> BulkTarget:
    """Find the selected runs that the user can see.

    Or all runs that match the list, if the address says so. Child runs are included
    unless the form says otherwise, those in the trash with `in_trash`. Raises
    InvalidValue for too many.
    """
    bound = read_matching_bound(state)
    if bound is not None:
        keys = find_keys_up_to(state, bound)
    else:
        chosen = find_visible_selection(state.spec, state.viewer, state.workspace)
        keys = tuple(chosen.number_by_key)
    if not offers_children:
        return BulkTarget(keys, (), False)
    sent = request.POST if request.method == "POST" else request.GET
    is_included = "asked" not in sent or sent.get("below") == "1"
    if len(keys) > MAX_PLANNED and request.method != "POST":
        return BulkTarget(keys, (), is_included, has_unknown_below=True)
    known = set(keys)
    found = (
        with_descendants(keys, in_trash=in_trash) if is_included or not bound else ()
    )
    below = tuple(key for key in found if key not in known)
    return BulkTarget(keys, below, is_included)


def first_planned(keys: Sequence[int]) -> tuple[int, ...]:
    return tuple(keys if len(keys) <= MAX_PLANNED else keys[:PLANNED_OF_MORE])


@dataclass(frozen=True)
class BulkPlan:
    """How many runs change, and why others don't."""

    total: int
    changed: int
    skipped: int
    #: One text per reason.
    reasons: Sequence[str]
    #: Some of the skipped runs.
    named: Sequence[Run]
    #: Of very many runs only these were looked at, and all others may change.
    looked_at: int = 0

    @property
    def is_large(self) -> bool:
        """Whether a background task changes the runs."""
        return self.total > LARGE_CHANGE


def plan_change(state: ListState, keys: Sequence[int], change: BulkChange) -> BulkPlan:
    """Return what the change would do now; nothing is changed."""
    planned = first_planned(keys)
    found = find_all_skipped(state.workspace, planned, change)
    counts = sorted(Counter(found.values()).items(), key=lambda each: -each[1])
    named = [key for key, skip in found.items() if skip in NAMED_SKIPS][:MAX_NAMED]
    runs = Run.objects.filter(pk__in=named).select_related("locked_by")
    return BulkPlan(
        len(keys),
        len(keys) - len(found),
        len(found),
        skip_texts(counts),
        list(runs.defer("description", "error").order_by("pk")),
        looked_at=len(planned) if len(planned) < len(keys) else 0,
    )


def apply_to_target(
    request: PageRequest,
    state: ListState,
    keys: Sequence[int],
    change: BulkChange,
    need: Permission = Permission.ANNOTATE,
) -> BulkResult | BackgroundTask:
    """Change the runs, or start a background task that does."""
    if len(keys) > LARGE_CHANGE:
        return start_bulk_change(
            state.workspace,
            keys,
            change,
            actor=request.actor,
            role=need.role,
            now=now_ms(),
        )
    return apply_bulk_change(
        state.workspace, keys, change, actor=request.actor, now=now_ms()
    )


def show_dialog(
    request: PageRequest, state: ListState, **context: object
) -> HttpResponse:
    """Show a dialog, or without a script a page of its own."""
    template = "bulk/_bulk.html" if request.htmx else "bulk/bulk.html"
    frame = {
        "back_href": state.scope.address_of(state.spec),
        "back_name": state.scope.name,
        "plan_template": "bulk/_bulk_plan.html",
        "here": request.get_full_path(),
        "kept": _list_parameters(request),
    }
    return render(request, template, {**frame, **context})


def _list_parameters(request: PageRequest) -> list[tuple[str, str]]:
    """What the address says of the list: a preview without scripts sends it again."""
    return [
        (name, value)
        for name, values in request.GET.lists()
        if name not in FORM_FIELDS and not name.startswith("tag.")
        for value in values
    ]


def show_result(
    request: PageRequest,
    state: ListState,
    result: BulkResult | BackgroundTask,
    message: str,
) -> HttpResponse:
    """Redirect to the list with a message that offers to undo."""
    if isinstance(result, BackgroundTask):
        text = with_number(_IN_BACKGROUND, result.total)
        messages.success(request, text, extra_tags=f"task:{task_path(result)}")
        return HttpResponseRedirect(state.scope.address_of(state.spec))
    message += skipped_message(sum(result.skipped.values()))
    undo = undo_path_of(request, result.change_set) if result.change_set else ""
    messages.success(request, message, extra_tags=undo)
    return HttpResponseRedirect(state.scope.address_of(state.spec))
