"""The rows of a history: change sets in words, and what undoes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import pgettext

from runs.access import Permission
from runs.actions.undo import can_undo
from runs.models import Change, ChangeSet, RunEvent
from runs.pages.requests import PageRequest
from runs.pages.undo.change_lines import ChangeLine, action_label, describe_changes


@dataclass(frozen=True)
class HistoryRow:
    """A line of `run/_run_history.html`; `undo` is the number of the change set."""

    key: str
    time: int
    title: str
    who: str
    token: str
    lines: Sequence[ChangeLine] = ()
    status: str = ""
    note: str = ""
    undo: str = ""
    runs: int = 1
    rule: str = ""


def change_set_row(
    request: PageRequest,
    change_set: ChangeSet,
    changes: Sequence[Change],
    *,
    runs: int = 1,
) -> HistoryRow:
    """Return the row of a change set; `changes` are those that the page shows."""
    undoable = request.role >= Permission.ANNOTATE.role and can_undo(
        change_set, changes, request.actor
    )
    return HistoryRow(
        # Change sets and events are numbered on their own: the letter keeps them apart.
        f"c{change_set.pk}",
        change_set.time,
        action_label(change_set.action),
        *who_and_token(change_set),
        describe_changes(changes),
        undo=f"{change_set.pk}" if undoable else "",
        runs=runs,
        rule=change_set.alert_rule.name if change_set.alert_rule else "",
    )


def who_and_token(source: ChangeSet | RunEvent) -> tuple[str, str]:
    """Return the names of the person and the token of a change or event."""
    # Events such as a missing heartbeat have no person behind them.
    who = (
        str(source.actor)
        if source.actor
        else pgettext("who made a change", "The server")
    )
    return who, source.token.name if source.token else ""
