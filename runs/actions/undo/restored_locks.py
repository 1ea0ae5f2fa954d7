"""The undo of a lock is an unlock, and the undo of an unlock a lock, by who undoes it.

So the rule of locks says who can: see `runs.actions.run_rows.locks`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from runs.actions.actor import Actor
from runs.actions.bulk import LockChange, Skip
from runs.actions.changes import Edit
from runs.models import Change, Run, TokenKind
from studio.core.errors import InvalidState, PermissionDenied

LOCK_FIELD = "locked"


@dataclass(frozen=True)
class LockUndoer:
    """Who undoes a change, as far as the rule of locks asks."""

    actor: Actor
    is_owner: bool
    now: int

    def find_kept(
        self, changes: Sequence[Change], runs: Mapping[int, Run]
    ) -> dict[int, Skip]:
        """Return the runs whose lock stays as it is, and why; their rows are locked."""
        return {
            key: why
            for on in (False, True)
            for key, why in self._change(on)
            .find_skipped(_runs_that_become(on, changes, runs))
            .items()
            if why != Skip.SAME
        }

    def restore(self, changes: Sequence[Change], runs: Mapping[int, Run]) -> list[Edit]:
        """Lock and unlock the runs. Raises PermissionDenied or InvalidState."""
        token = self.actor.token
        if token is not None and token.kind != TokenKind.ORDINARY:
            raise PermissionDenied(_("The token of a run can't lock or unlock runs."))
        _refuse_kept(self.find_kept(changes, runs).values())
        return [
            edit
            for on in (False, True)
            for edit in self._change(on).write(_runs_that_become(on, changes, runs))
        ]

    def _change(self, on: bool) -> LockChange:
        return LockChange(on, self.actor, self.is_owner, self.now)


def _runs_that_become(
    on: bool, changes: Sequence[Change], runs: Mapping[int, Run]
) -> list[Run]:
    wanted = {c.run_id for c in changes if c.field == LOCK_FIELD and c.before is on}
    return [run for key, run in runs.items() if key in wanted]


def _refuse_kept(reasons: Collection[Skip]) -> None:
    if Skip.LOCKED_BY_OTHERS in reasons:
        raise PermissionDenied(
            _("Only an owner, or who locked a run, can undo its lock.")
        )
    if reasons:
        raise InvalidState(
            _("Some of these runs are in the trash. Restore them before you lock them.")
        )
