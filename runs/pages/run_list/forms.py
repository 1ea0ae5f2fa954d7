"""The forms of the run list: the selection, and the goal of a metric."""

from __future__ import annotations

from django.utils.translation import gettext as _

from runs.actions.run import HIGHER_IS_BETTER, LOWER_IS_BETTER
from runs.pages.requests import (
    OptionalTextField,
    PageForm,
    PresenceField,
    TextField,
)
from runs.search.run_list import RANKED_AGGREGATES
from studio.core.errors import InvalidValue
from studio.core.filters.tree import METRICS, Field
from studio.core.view_text import read_field

#: Whether higher values of a metric are better; None if neither is.
GOALS = {HIGHER_IS_BETTER: True, LOWER_IS_BETTER: False, "none": None}


class SelectionForm(PageForm):
    """`query` is the list's query string; the other fields say which runs to select.

    `add`, `drop` and `toggle` are run ids, separated by commas. `page` means the rows
    of the page (1: select, 0: deselect), `all` every run that matches. `none` clears
    the selection before all of them.
    """

    query = TextField(strip=False)
    add = TextField(strip=False)
    drop = TextField(strip=False)
    toggle = TextField(strip=False)
    page = OptionalTextField()
    all = PresenceField()
    none = PresenceField()


def is_ranked_metric(field: Field) -> bool:
    return field.kind == METRICS and field.aggregate in RANKED_AGGREGATES


def _read_metric(name: str) -> Field:
    field = read_field(name, "field")
    if not is_ranked_metric(field):
        raise InvalidValue(_("Only a metric has a goal"), field="field")
    return field


def _check_goal(goal: str) -> str:
    if goal not in GOALS:
        raise InvalidValue(
            _("goal must be one of %(words)s") % {"words": ", ".join(GOALS)},
            field="goal",
        )
    return goal


class GoalForm(PageForm):
    field = TextField(_read_metric, strip=False)
    goal = TextField(_check_goal, strip=False)
