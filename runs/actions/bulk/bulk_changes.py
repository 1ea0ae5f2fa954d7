"""Change many runs by one action, which is one change set and undone as one.

Each kind of change says which runs it skips and why, and writes the others. A change of
many runs takes several transactions, so it never holds the database's lock for long. If
the server dies between two of them, the change set has what was done.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from django.db import transaction
from django.utils.translation import gettext as _

from runs.actions.actor import Actor
from runs.actions.bulk.many_runs import bump_changed_revisions, lock_runs
from runs.actions.changes import Edit, add_changes, record_changes
from runs.models import ChangeSet, Run, Workspace
from studio.core.batches import batches
from studio.core.errors import InvalidValue

#: Runs of one transaction, and of one action with the child runs that it includes.
RUNS_PER_TRANSACTION, MAX_BULK_RUNS = 500, 1_000_000


class Skip(str, Enum):
    """Why a run is left as it is."""

    SAME = "same"
    LOCKED = "locked"
    #: Another run of its tree is locked, and a tree moves as a whole.
    TREE_LOCKED = "tree_locked"
    #: Only an owner, or who locked the run, can unlock it.
    LOCKED_BY_OTHERS = "locked_by_others"
    TRASHED = "trashed"
    #: A child run, which moves only with its root.
    CHILD = "child"
    REGISTERED = "registered"
    ENDED = "ended"
    CANCELING = "canceling"
    #: Its launcher sets the final status.
    LAUNCHER = "launcher"
    #: The status can't follow the present one.
    STATUS = "status"
    #: The new name would be empty or too long.
    NAME = "name"
    #: The experiment *Default*, which can't be deleted.
    DEFAULT = "default"
    #: Only of a purge: the run was restored.
    RESTORED = "restored"
    #: Only of a retention rule, as the next four: the run goes on.
    ACTIVE = "active"
    #: A conclusion from a comparison names the run.
    CONCLUSION = "conclusion"
    #: A child run stays, which would lose its parent.
    KEPT_CHILD = "kept_child"
    #: The filter no longer finds the run.
    NO_MATCH = "no_match"
    #: Only of an undo: the version of a file that would come back.
    VERSION_GONE = "version_gone"


class BulkChange(ABC):
    """One kind of change: it plans (`split`, `find_skipped`) and writes in batches."""

    @property
    @abstractmethod
    def action(self) -> str:
        """The action of the change set, as the history names it."""

    def affected(self, keys: Sequence[int]) -> list[int]:
        """Return all runs that the change is for; a move takes whole trees."""
        return [key for some in self.split(keys) for key in some]

    def split(self, keys: Sequence[int]) -> Iterator[list[int]]:
        """Divide the runs into batches, each for one transaction.

        Always in the same order, so that two bulk changes of the same runs take turns.
        """
        for some in batches(sorted(set(keys)), RUNS_PER_TRANSACTION):
            yield list(some)

    def lock_before_runs(self, keys: Sequence[int]) -> None:
        """Lock what actions lock before runs, if anything; called in a transaction."""
        del keys

    def complete(self, keys: Sequence[int]) -> Sequence[int]:
        """Return a batch with the runs that belong to it now; called under locks."""
        return keys

    @abstractmethod
    def find_skipped(self, runs: Sequence[Run]) -> Mapping[int, Skip]:
        """Return why runs of a batch are left as they are, by the run's key."""

    @abstractmethod
    def write(self, runs: Sequence[Run]) -> list[Edit]:
        """Change the runs, which are locked; return the edits for the change set."""


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
    for some in change.split(keys):
        with transaction.atomic():
            change_batch(workspace, some, change, result, actor=actor, now=now)
    return result


def check_bulk_size(number: int) -> None:
    if number > MAX_BULK_RUNS:
        raise InvalidValue(
            _("At most %(limit)s runs can be changed at once.")
            % {"limit": f"{MAX_BULK_RUNS:,}"},
            field="runs",
        )


def change_batch(
    workspace: Workspace,
    keys: Sequence[int],
    change: BulkChange,
    result: BulkResult,
    *,
    actor: Actor,
    now: int,
) -> None:
    """Change some of the runs and add to the result; the caller has a transaction."""
    change.lock_before_runs(keys)
    found = lock_runs(change.complete(keys))
    runs = [run for run in found if run.workspace_id == workspace.pk]
    skipped = change.find_skipped(runs)
    left = [run for run in runs if run.pk not in skipped]
    edits = change.write(left) if left else []
    bump_changed_revisions(edits, now)
    if result.change_set is None:
        result.change_set = record_changes(
            workspace, change.action, edits, actor=actor, now=now
        )
    else:
        add_changes(result.change_set, edits)
    result.changed += len(left)
    result.skipped.update(skipped.values())


def with_descendants(keys: Sequence[int], *, in_trash: bool = False) -> list[int]:
    """Return the runs and all runs below them that are not in the trash.

    With `in_trash` also those that are. Raises InvalidValue for more than
    `MAX_BULK_RUNS`.
    """
    rows = Run.objects.all() if in_trash else Run.objects.not_deleted()
    found = dict.fromkeys(keys)
    level = list(found)
    while level:
        below: list[int] = []
        for some in batches(level, RUNS_PER_TRANSACTION):
            children = rows.filter(parent__in=some)
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
    for some in change.split(keys):
        rows = Run.objects.in_workspace(workspace).defer("description", "error")
        # A tree that moves is one batch, however large it is.
        runs = [run for part in batches(some) for run in rows.filter(pk__in=part)]
        found.update(change.find_skipped(runs))
    return found
