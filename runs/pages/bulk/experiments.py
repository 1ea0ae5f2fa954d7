"""The dialogs of actions on selected experiments: archive, delete, restore, tag."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, ngettext_lazy

from runs.access import Permission, access, check_role, view_by_method
from runs.actions.bulk import (
    MAX_BULK_EXPERIMENTS,
    ExperimentChange,
    ExperimentFlagChange,
    ExperimentTagChange,
    Skip,
    change_experiments,
    find_skipped_experiments,
)
from runs.models import Experiment, now_ms
from runs.pages.bulk.bulk_actions import skipped_message, with_number
from runs.pages.bulk.tag_form import listed_tags, new_tags, read_tag_edit, tag_lines
from runs.pages.requests import FORM_ERROR_STATUS, PageRequest, safe_return_path
from runs.pages.undo import undo_path_of
from runs.render.formats import grouped
from runs.search.experiments import (
    count_experiment_tags,
    count_runs_of_experiments,
    find_selected_experiments,
)
from studio.core.errors import InvalidName, InvalidValue

#: The field of the check boxes, which has the numbers of the experiments.
PICK = "e"
#: Skipped experiments that the dialog names.
MAX_NAMED = 5


@dataclass(frozen=True)
class ExperimentAction:
    """An action whose dialog only asks. Texts with a number are for `with_number`."""

    need: Permission
    title: Any
    done: Any
    change: ExperimentFlagChange
    is_danger: bool = False


ACTIONS = {
    "archive": ExperimentAction(
        Permission.ANNOTATE,
        ngettext_lazy(
            "Archive %(number)s experiment", "Archive %(number)s experiments", "n"
        ),
        ngettext_lazy(
            "%(number)s experiment archived", "%(number)s experiments archived", "n"
        ),
        ExperimentFlagChange("archived", True),
    ),
    "unarchive": ExperimentAction(
        Permission.ANNOTATE,
        ngettext_lazy(
            "Unarchive %(number)s experiment", "Unarchive %(number)s experiments", "n"
        ),
        ngettext_lazy(
            "%(number)s experiment unarchived",
            "%(number)s experiments unarchived",
            "n",
        ),
        ExperimentFlagChange("archived", False),
    ),
    "delete": ExperimentAction(
        Permission.TRASH,
        ngettext_lazy(
            "Delete %(number)s experiment", "Delete %(number)s experiments", "n"
        ),
        ngettext_lazy(
            "%(number)s experiment moved to the trash",
            "%(number)s experiments moved to the trash",
            "n",
        ),
        ExperimentFlagChange("deleted", True),
        is_danger=True,
    ),
    "restore": ExperimentAction(
        Permission.TRASH,
        ngettext_lazy(
            "Restore %(number)s experiment", "Restore %(number)s experiments", "n"
        ),
        ngettext_lazy(
            "%(number)s experiment restored from the trash",
            "%(number)s experiments restored from the trash",
            "n",
        ),
        ExperimentFlagChange("deleted", False),
    ),
}
TAG = "tag"
_TAG_TITLE = ngettext_lazy(
    "Tag %(number)s experiment", "Tag %(number)s experiments", "n"
)
_TAG_BUTTON = ngettext_lazy(
    "Change %(number)s experiment", "Change %(number)s experiments", "n"
)
_TAG_DONE = ngettext_lazy(
    "Tags of %(number)s experiment changed",
    "Tags of %(number)s experiments changed",
    "n",
)
_UNDO_NOTE = gettext_lazy("Undo restores all of these experiments at once.")
_SKIP_TEXTS = {
    Skip.SAME: ngettext_lazy(
        "%(number)s experiment has it already",
        "%(number)s experiments have it already",
        "n",
    ),
    Skip.LOCKED: ngettext_lazy(
        "%(number)s experiment has locked runs",
        "%(number)s experiments have locked runs",
        "n",
    ),
    Skip.REGISTERED: ngettext_lazy(
        "registered models use runs of %(number)s experiment",
        "registered models use runs of %(number)s experiments",
        "n",
    ),
    Skip.TRASHED: ngettext_lazy(
        "%(number)s experiment is in the trash",
        "%(number)s experiments are in the trash",
        "n",
    ),
}


@dataclass(frozen=True)
class ExperimentPlan:
    """How many experiments change, and why others don't."""

    changed: Sequence[Experiment] = ()
    reasons: Sequence[str] = ()
    #: Some of the skipped experiments.
    named: Sequence[Experiment] = ()
    skipped: int = 0


@dataclass(frozen=True)
class Dialog:
    """What a dialog shows: the texts, the plan, and the fields of its form."""

    title: str
    button: str
    note: str
    plan: ExperimentPlan
    problem: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)


@access(Permission.ANNOTATE)
def _show_dialog(request: PageRequest, action: str) -> HttpResponse:
    selected = _selected(request, action, request.GET)
    if action == TAG:
        return _render(request, selected, request.GET, _tag_dialog(request, selected))
    kind = ACTIONS[action]
    plan = _plan(request, selected, kind.change)
    note = str(_UNDO_NOTE)
    if action == "delete":
        note = _delete_note([each.pk for each in plan.changed])
    dialog = Dialog(
        with_number(kind.title, len(selected)),
        with_number(kind.title, len(plan.changed)),
        note,
        plan,
        fields={"is_danger": kind.is_danger},
    )
    return _render(request, selected, request.GET, dialog)


def _delete_note(keys: Sequence[int]) -> str:
    runs = count_runs_of_experiments(keys)
    if not runs:
        return _(
            "They stay in the trash for 30 days. Undo restores all of them at once."
        )
    return ngettext(
        "Their %(number)s run goes to the trash with them, for 30 days. Undo restores "
        "all of them at once.",
        "Their %(number)s runs go to the trash with them, for 30 days. Undo restores "
        "all of them at once.",
        runs,
    ) % {"number": grouped(runs)}


def _selected(request: PageRequest, action: str, sent: QueryDict) -> list[Experiment]:
    """Return the selected experiments; raise InvalidValue for none or too many."""
    if action != TAG and action not in ACTIONS:
        raise Http404(action)
    need = Permission.ANNOTATE if action == TAG else ACTIONS[action].need
    check_role(need, request.role)
    # Longer numbers exceed what the database compares.
    texts = [text for text in sent.getlist(PICK) if text.isascii() and text.isdigit()]
    numbers = {int(text) for text in texts if len(text) < 10}
    if len(numbers) > MAX_BULK_EXPERIMENTS:
        raise InvalidValue(
            _("At most %(limit)s experiments can be changed at once.")
            % {"limit": grouped(MAX_BULK_EXPERIMENTS)},
            field=PICK,
        )
    return find_selected_experiments(request.actor.user, request.workspace, numbers)


def _plan(
    request: PageRequest, selected: Sequence[Experiment], change: ExperimentChange
) -> ExperimentPlan:
    keys = [each.pk for each in selected]
    skipped = find_skipped_experiments(request.workspace, keys, change)
    counts = sorted(Counter(skipped.values()).items(), key=lambda each: -each[1])
    named = [each for each in selected if skipped.get(each.pk, Skip.SAME) != Skip.SAME]
    return ExperimentPlan(
        [each for each in selected if each.pk not in skipped],
        [_skip_text(skip, n) for skip, n in counts],
        named[:MAX_NAMED],
        len(skipped),
    )


def _skip_text(skip: Skip, n: int) -> str:
    if skip == Skip.DEFAULT:
        return _("the experiment Default can’t be deleted")
    return with_number(_SKIP_TEXTS[skip], n)


def _tag_dialog(request: PageRequest, selected: Sequence[Experiment]) -> Dialog:
    sent = request.POST if request.method == "POST" else request.GET
    uses = count_experiment_tags([each.pk for each in selected])
    open_keys = [each.pk for each in selected if each.deleted is None]
    open_uses = count_experiment_tags(open_keys)
    problem, plan = "", ExperimentPlan()
    try:
        change = ExperimentTagChange(*read_tag_edit(sent, uses)).check()
        if change.tags or change.removed:
            plan = _plan(request, selected, change)
    except (InvalidName, InvalidValue) as error:
        problem = error.message
    added = new_tags(sent, open_uses, len(open_keys))
    listed, typed = listed_tags(sent, added)
    return Dialog(
        with_number(_TAG_TITLE, len(selected)),
        with_number(_TAG_BUTTON, len(plan.changed)),
        _("Undo restores the tags of all experiments at once."),
        plan,
        problem,
        {
            "lines": tag_lines(sent, uses, len(selected), open_uses, len(open_keys)),
            "added": added,
            "listed": listed,
            "typed": typed,
            "fields_template": "bulk/_bulk_tags.html",
            "has_panes": True,
        },
    )


def _render(
    request: PageRequest,
    selected: Sequence[Experiment],
    sent: QueryDict,
    dialog: Dialog,
) -> HttpResponse:
    """Show the dialog, or without a script a page of its own."""
    back = _back_href(request, sent)
    picked = [(PICK, str(each.number)) for each in selected]
    context = {
        "dialog": dialog,
        "title": dialog.title,
        "plan": dialog.plan,
        "problem": dialog.problem,
        "of_experiments": True,
        "plan_template": "bulk/_bulk_experiment_plan.html",
        "back_href": back,
        "back_name": _("Experiments"),
        "here": request.path,
        "kept": [*picked, ("next", back)],
        **dialog.fields,
    }
    template = "bulk/_bulk.html" if request.htmx else "bulk/bulk.html"
    response = render(request, template, context)
    if dialog.problem and request.method == "POST":
        response.status_code = FORM_ERROR_STATUS
    return response


def _back_href(request: PageRequest, sent: QueryDict) -> str:
    path = safe_return_path(request, sent.get("next", ""))
    return path or reverse("experiments", args=[request.workspace.name])


@access(Permission.ANNOTATE)
def _apply(request: PageRequest, action: str) -> HttpResponse:
    selected = _selected(request, action, request.POST)
    keys = [each.pk for each in selected]
    change: ExperimentChange
    if action == TAG:
        uses, done = count_experiment_tags(keys), _TAG_DONE
        try:
            change = ExperimentTagChange(*read_tag_edit(request.POST, uses)).check()
        except (InvalidName, InvalidValue):
            dialog = _tag_dialog(request, selected)
            return _render(request, selected, request.POST, dialog)
    else:
        change, done = ACTIONS[action].change, ACTIONS[action].done
    result = change_experiments(
        request.workspace, keys, change, actor=request.actor, now=now_ms()
    )
    message = with_number(done, result.changed)
    message += skipped_message(sum(result.skipped.values()))
    undo = undo_path_of(request, result.change_set) if result.change_set else ""
    messages.success(request, message, extra_tags=undo)
    return HttpResponseRedirect(_back_href(request, request.POST))


change_selected_experiments = view_by_method(GET=_show_dialog, POST=_apply)
