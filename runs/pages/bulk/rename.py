"""The dialog that renames the selected runs by a pattern."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy

from runs.access import Permission, access, view_by_method
from runs.actions.bulk import NameChange, NamePattern, Skip, read_pattern
from runs.models import Run
from runs.pages.bulk.bulk_actions import with_number
from runs.pages.bulk.bulk_plan import (
    apply_to_target,
    find_target,
    plan_change,
    show_dialog,
    show_result,
)
from runs.pages.lists import ListState, read_part_state
from runs.pages.requests import FORM_ERROR_STATUS, PageForm, PageRequest, TextField
from studio.core.errors import InvalidValue

#: Names that the dialog shows, and that it compares with each other.
MAX_EXAMPLES, MAX_COMPARED_NAMES = 8, 1_000
DEFAULT_PATTERN = "{name}"
_TITLE = ngettext_lazy("Rename %(number)s run", "Rename %(number)s runs", "n")
_DONE = ngettext_lazy("%(number)s run renamed", "%(number)s runs renamed", "n")


class RenameForm(PageForm):
    pattern = TextField(strip=False, default=DEFAULT_PATTERN)
    find = TextField(strip=False)
    replacement = TextField(strip=False)

    def read(self) -> NamePattern:
        """Raise InvalidValue for an unknown field of the pattern."""
        sent = self.check()
        return read_pattern(sent["pattern"], sent["find"], sent["replacement"])


@dataclass(frozen=True)
class NewName:
    """A name now and then; `note` says why the run is skipped."""

    before: str
    after: str
    note: str = ""


@access(Permission.ANNOTATE)
def _show_dialog(request: PageRequest) -> HttpResponse:
    return _render_dialog(request, read_part_state(request), RenameForm(request.GET))


def _render_dialog(
    request: PageRequest, state: ListState, form: RenameForm
) -> HttpResponse:
    keys = find_target(request, state, offers_children=False).keys
    problem, plan = "", None
    examples: list[NewName] = []
    same_names = 0
    try:
        pattern = form.read()
        plan = plan_change(state, keys, NameChange(pattern))
        examples = _example_names(keys, pattern)
        same_names = _count_same_names(keys, pattern)
    except InvalidValue as error:
        problem = error.message
    response = show_dialog(
        request,
        state,
        action="rename",
        title=with_number(_TITLE, len(keys)),
        button=with_number(_TITLE, plan.changed if plan else 0),
        plan=plan,
        problem=problem,
        examples=examples,
        same_names=same_names,
        sent={"pattern": DEFAULT_PATTERN, **{k: form.data[k] for k in form.data}},
        fields_template="bulk/_bulk_rename.html",
        note=_("Undo restores all of these names at once."),
    )
    if problem and request.method == "POST":
        response.status_code = FORM_ERROR_STATUS
    return response


def _example_names(keys: Sequence[int], pattern: NamePattern) -> list[NewName]:
    rows = Run.objects.filter(pk__in=keys[:MAX_EXAMPLES]).order_by("-pk")
    runs = list(rows.defer("description", "error"))
    skipped = NameChange(pattern).find_skipped(runs)
    notes = {Skip.LOCKED: _("locked"), Skip.NAME: _("empty or too long")}
    return [
        NewName(run.name, name, notes.get(skipped.get(run.pk, Skip.SAME), ""))
        for run, name in zip(runs, pattern.new_names(runs), strict=True)
    ]


def _count_same_names(keys: Sequence[int], pattern: NamePattern) -> int:
    """Return how many runs get a name that another of them has then."""
    if len(keys) > MAX_COMPARED_NAMES:
        return 0
    rows = Run.objects.filter(pk__in=keys).defer("description", "error")
    runs = list(rows)
    skipped = NameChange(pattern).find_skipped(runs)
    renamed = {
        run.pk: name
        for run, name in zip(runs, pattern.new_names(runs), strict=True)
        if run.pk not in skipped
    }
    counts = Counter(renamed.get(run.pk, run.name) for run in runs)
    return sum(counts[name] > 1 for name in renamed.values())


@access(Permission.ANNOTATE)
def _rename(request: PageRequest) -> HttpResponse:
    state = read_part_state(request)
    form = RenameForm(request.POST)
    try:
        change = NameChange(form.read())
    except InvalidValue:
        return _render_dialog(request, state, form)
    keys = find_target(request, state, offers_children=False).keys
    result = apply_to_target(request, state, keys, change)
    return show_result(request, state, result, with_number(_DONE, result.changed))


rename_selected = view_by_method(GET=_show_dialog, POST=_rename)
