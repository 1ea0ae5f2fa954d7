"""Change many runs by one action, which is one change set and undone as one.

Each kind of change says which runs it skips and why, and writes the others. A change of
many runs takes several transactions, so it never holds the database's lock for long. If
the server dies between two of them, the change set has what was done.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from django.db import transaction
from django.utils.translation import gettext as _

from runs.actions.actor import Actor
from runs.actions.bulk.many_runs import lock_runs
from runs.actions.changes import Edit, add_changes, record_changes
from runs.models import ChangeSet, Run, Workspace
from studio.core.batches import batches
from studio.core.errors import InvalidValue

#: Runs of one transaction, and of one action with the child runs that it includes.
RUNS_PER_TRANSACTION, MAX_BULK_RUNS = 500, 10_000


class Skip(str, Enum):
    """Why a run is left as it is."""

    SAME = "same"
    LOCKED = "locked"
    REGISTERED = "registered"
    ENDED = "ended"
    CANCELING = "canceling"
    #: The new name would be empty or too long.
    NAME = "name"


class BulkChange(Protocol):
    """One kind of change. `runs` are locked when `write` runs."""

    @property
    def action(self) -> str:
        """The action of the change set, as the history names it."""
        ...

    def find_skipped(self, runs: Sequence[Run]) -> Mapping[int, Skip]:
        """Return why runs are left as they are, by the run's key."""
        ...

    def write(self, runs: Sequence[Run]) -> list[Edit]:
        """Change the runs; return the edits for the change set."""
        ...


@dataclass
class BulkResult:
    """How many runs changed, why others did not, and the change set for the undo."""

    changed: int = 0
    skipped: Counter[Skip] = field(default_factory=Counter)
    change_set: ChangeSet | None = None


def apply_bulk_change(
    workspace: Workspace,
    keys: Sequence[int],
    change: BulkChange,
    *,
    actor: Actor,
    now: int,
) -> BulkResult:
    """Change the runs with these keys; runs that no longer exist are left out.

    Raises InvalidValue for more than `MAX_BULK_RUNS`.
    """
    check_bulk_size(len(keys))
    result = BulkResult()
    # Sorted, so that two bulk changes of the same runs take turns.
    for some in batches(sorted(set(keys)), RUNS_PER_TRANSACTION):
        with transaction.atomic():
            _change_batch(workspace, some, change, result, actor, now)
    return result


def check_bulk_size(number: int) -> None:
    if number > MAX_BULK_RUNS:
        raise InvalidValue(
            _("At most %(limit)s runs can be changed at once.")
            % {"limit": f"{MAX_BULK_RUNS:,}"},
            field="runs",
        )


def _change_batch(
    workspace: Workspace,
    keys: Sequence[int],
    change: BulkChange,
    result: BulkResult,
    actor: Actor,
    now: int,
) -> None:
    runs = [run for run in lock_runs(keys, now) if run.workspace_id == workspace.pk]
    skipped = change.find_skipped(runs)
    left = [run for run in runs if run.pk not in skipped]
    edits = change.write(left) if left else []
    if result.change_set is None:
        result.change_set = record_changes(
            workspace, change.action, edits, actor=actor, now=now
        )
    else:
        add_changes(result.change_set, edits)
    result.changed += len(left)
    result.skipped.update(skipped.values())


def with_descendants(keys: Sequence[int]) -> list[int]:
    """Return the runs and all runs below them that are not in the trash.

    Raises InvalidValue for more than `MAX_BULK_RUNS`.
    """
    found = dict.fromkeys(keys)
    level = list(found)
    while level:
        below: list[int] = []
        for some in batches(level, RUNS_PER_TRANSACTION):
            children = Run.objects.not_deleted().filter(parent__in=some)
            below += children.values_list("pk", flat=True)[: MAX_BULK_RUNS + 1]
        # A broken tree can contain a circle.
        level = [key for key in dict.fromkeys(below) if key not in found]
        found.update(dict.fromkeys(level))
        check_bulk_size(len(found))
    return list(found)


def find_all_skipped(
    workspace: Workspace, keys: Sequence[int], change: BulkChange
) -> dict[int, Skip]:
    """Return which runs the change would skip now; it locks and changes nothing."""
    found: dict[int, Skip] = {}
    for some in batches(sorted(set(keys)), RUNS_PER_TRANSACTION):
        rows = Run.objects.in_workspace(workspace).filter(pk__in=some)
        found.update(change.find_skipped(list(rows.defer("description", "error"))))
    return found
