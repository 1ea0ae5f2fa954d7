"""All runs that a list matched when they were chosen, however many they are.

Their address has the list's filter, the key of the newest run, and the time that
relative dates of the filter count from. Runs that arrived since are left out.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from runs.actions.bulk import MAX_BULK_RUNS, check_bulk_size
from runs.models import Run, Workspace
from runs.pages.lists.list_state import ListState
from runs.search.query import build_query, read_all_keys
from studio.core.errors import InvalidValue

#: The parameter of the address.
MATCHING_PARAMETER = "matching"
_MAX_DIGITS = 18


@dataclass(frozen=True)
class MatchingBound:
    """The newest of the runs, by its key, and when they were chosen."""

    newest: int
    time: int

    @property
    def text(self) -> str:
        return f"{self.newest}.{self.time}"


def matching_bound_now(workspace: Workspace, now: int) -> MatchingBound:
    rows = Run.objects.in_workspace(workspace).order_by("-pk")
    return MatchingBound(rows.values_list("pk", flat=True).first() or 0, now)


def read_matching_bound(state: ListState) -> MatchingBound | None:
    """Return the bound in the address, None if runs were selected one by one.

    Raises InvalidValue for another text.
    """
    text = state.parameters.get(MATCHING_PARAMETER)
    if text is None:
        return None
    newest, _dot, time = text.partition(".")
    parts = (newest, time)
    if not all(p.isascii() and p.isdigit() and len(p) <= _MAX_DIGITS for p in parts):
        raise InvalidValue(
            _("This link is damaged. Open the list again."), field=MATCHING_PARAMETER
        )
    return MatchingBound(int(newest), int(time))


def find_keys_up_to(state: ListState, bound: MatchingBound) -> tuple[int, ...]:
    """Return the matching runs, the newest first; InvalidValue for too many."""
    query = build_query(
        state.spec.changed(selected=(), only=False),
        state.viewer,
        state.workspace,
        now=bound.time,
        experiment=state.experiment,
    )
    keys = read_all_keys(query, MAX_BULK_RUNS + 1)
    check_bulk_size(len(keys))
    return tuple(key for key in keys if key <= bound.newest)
