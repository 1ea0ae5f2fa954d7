"""The menu of a column: its sort, place and width, and the goal of a metric."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_POST, require_safe

from runs.access import Permission, access
from runs.actions.run import HIGHER_IS_BETTER, LOWER_IS_BETTER, set_metric_goal
from runs.models import Experiment, Role, now_ms
from runs.pages.lists import (
    NUMERIC_TYPES,
    ListScope,
    list_columns,
    read_part_state,
    read_scope,
    sorts_largest_first,
)
from runs.pages.requests import PageRequest, safe_return_path, with_vary_headers
from runs.pages.run_list.forms import GOALS, GoalForm, is_ranked_metric
from runs.render.filters import field_label
from runs.search.run_list import find_goals
from studio.core.filters import Field, fields, tree
from studio.core.filters.fields import field_text
from studio.core.view_spec import Column, Sort, ViewSpec
from studio.core.view_text import read_field


@dataclass(frozen=True)
class ColumnMenuItem:
    text: str
    href: str
    icon: str
    current: bool = False


@dataclass(frozen=True)
class GoalChoice:
    text: str
    value: str
    chosen: bool


@access(Permission.READ)
@require_safe
def show_column_menu(request: PageRequest) -> HttpResponse:
    """Show the menu, or without a script a page of its own."""
    state = read_part_state(request)
    scope, spec = state.scope, state.spec
    field = read_field(request.GET.get("field", ""), "field")
    columns = list_columns(state)
    context = {
        "label": field_label(field),
        "field": field_text(field),
        "scope": scope,
        "sorts": _sort_menu_items(spec, scope, field),
        "moves": _move_column_items(spec, scope, columns, field),
        "goals": _goal_choices(request, scope, field),
        "goal_path": reverse("list-goal", args=[request.workspace.name]),
        "may_rank": request.role >= Role.CONTRIBUTOR,
        "back_href": scope.address_of(spec),
    }
    template = (
        "run_list/_column_menu.html" if request.htmx else "run_list/column_menu.html"
    )
    return with_vary_headers(render(request, template, context))


def _sort_menu_items(
    spec: ViewSpec, scope: ListScope, field: Field
) -> list[ColumnMenuItem]:
    if not fields.spec_of(field).sortable:
        return []
    down, up = _sort_direction_words(field)
    order = [Sort(field, descending=True), Sort(field)]
    items = [
        ColumnMenuItem(
            down if sort.descending else up,
            scope.address_of(spec.changed(sort=sort)),
            "sort-down" if sort.descending else "sort-up",
            spec.sort == sort,
        )
        for sort in order
    ]
    # The usual order of the type comes first, as a click on the column's head gives it.
    return items if sorts_largest_first(field) else items[::-1]


def _sort_direction_words(field: Field) -> tuple[str, str]:
    kind = fields.value_type(field)
    if kind == fields.TIME:
        return _("Newest first"), _("Oldest first")
    if kind in NUMERIC_TYPES or field.kind == tree.METRICS:
        return _("Highest first"), _("Lowest first")
    return _("Z to A"), _("A to Z")


def _move_column_items(
    spec: ViewSpec, scope: ListScope, columns: tuple[Column, ...], field: Field
) -> list[ColumnMenuItem]:
    """Return links that move or remove the column; the name stays first."""
    places = [n for n, column in enumerate(columns) if column.field == field]
    if not places:
        return []
    place, items = places[0], []

    def address_with_order(*order: Column) -> str:
        return scope.address_of(spec.changed(columns=tuple(order), has_columns=True))

    if columns[place].width:
        own = (*columns[:place], Column(field), *columns[place + 1 :])
        items.append(
            ColumnMenuItem(_("Automatic width"), address_with_order(*own), "collapse")
        )
    # The name opens the run, so it can be neither moved nor removed.
    if field == tree.attribute("name"):
        return items
    for step, text, icon in (
        (-1, _("Move to the left"), "chevron-left"),
        (1, _("Move to the right"), "chevron-right"),
    ):
        if 0 < place + step < len(columns):
            order = list(columns)
            order.insert(place + step, order.pop(place))
            items.append(ColumnMenuItem(text, address_with_order(*order), icon))
    rest = columns[:place] + columns[place + 1 :]
    return [
        *items,
        ColumnMenuItem(_("Remove the column"), address_with_order(*rest), "close"),
    ]


def _goal_choices(
    request: PageRequest, scope: ListScope, field: Field
) -> list[GoalChoice]:
    if not is_ranked_metric(field):
        return []
    experiments = _goal_experiments(request, scope)
    # In All runs a goal is shown only if the experiments agree; setting it sets all.
    pks = [each.pk for each in experiments]
    known = find_goals(pks, [field]).get(field)
    words = {
        HIGHER_IS_BETTER: _("Higher is better"),
        LOWER_IS_BETTER: _("Lower is better"),
        "none": pgettext("goal of a metric", "Not ranked"),
    }
    return [GoalChoice(words[name], name, GOALS[name] is known) for name in GOALS]


def _goal_experiments(request: PageRequest, scope: ListScope) -> list[Experiment]:
    """Return the experiments that a goal is set for: the list's, or all."""
    if scope.experiment is not None:
        return [scope.experiment]
    visible = Experiment.objects.visible_to(request.actor.user).active()
    return list(visible.filter(workspace=request.workspace))


@access(Permission.ANNOTATE)
@require_POST
def change_metric_goal(request: PageRequest) -> HttpResponse:
    """Save whether higher or lower values of a metric are better."""
    scope = read_scope(request)
    form = GoalForm(request.POST).check()
    field, goal = form["field"], form["goal"]
    set_metric_goal(
        request.workspace,
        _goal_experiments(request, scope),
        field.key,
        GOALS[goal],
        actor=request.actor,
        now=now_ms(),
    )
    messages.success(request, _goal_message(scope, field, goal))
    return HttpResponseRedirect(safe_return_path(request) or scope.path)


def _goal_message(scope: ListScope, field: Field, goal: str) -> str:
    message = {
        HIGHER_IS_BETTER: _("%s: higher is better"),
        LOWER_IS_BETTER: _("%s: lower is better"),
        "none": _("%s: not ranked"),
    }[goal] % field.key
    return (
        message
        if scope.experiment
        else pgettext("goal of a metric", "%s, in every experiment") % message
    )
