"""What a workspace offers for changes: the activity, bulk changes and undo."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from studio.sdk.changes.activity import Change, list_activity
from studio.sdk.changes.bulk_changes import (
    BulkResult,
    Progress,
    Selected,
    change_experiments,
    change_runs,
    selection,
)
from studio.sdk.changes.undo import undo_change, undo_token_changes
from studio.sdk.connection import WorkspaceConnection

if TYPE_CHECKING:
    from datetime import datetime


class WorkspaceChanges:
    """The methods of a workspace about changes. None of them is in the v1 SDK."""

    _connection: WorkspaceConnection

    def activity(
        self,
        filter: str = "",
        *,
        member: str = "",
        kind: str = "",
        way: str = "",
        run: str = "",
        experiment: str = "",
        limit: int | None = 100,
    ) -> Iterator[Change]:
        """Who changed what, the newest first.

            for change in workspace.activity("changed:-1d", kind="rename,tag"):
                print(change.member, change.action, change.runs)

        In `filter`, `changed` and `changed_by` are of the change, all other terms of a
        run that it changed. `member`, `kind` and `way` have alternatives, separated by
        commas. `limit=None` reads all changes. Not in the v1 SDK.
        """
        given = {
            "q": filter,
            "member": member,
            "kind": kind,
            "way": way,
            "run": run,
            "experiment": experiment,
        }
        wanted = {name: text for name, text in given.items() if text}
        return list_activity(self._connection.get, wanted, limit)

    def change_runs(
        self,
        selected: Selected,
        action: str,
        *,
        experiment: str = "",
        children: bool = False,
        archived: bool = False,
        below: bool = False,
        dry_run: bool = False,
        wait: bool = True,
        progress: Progress = None,
        **values: Any,
    ) -> BulkResult:
        """Change many runs as one change, which one `undo` restores.

            found = workspace.change_runs("created:<-90d", "archive", dry_run=True)
            workspace.change_runs("tag:sweep", "move", to="sweeps", create=True)

        `selected` is a filter, or runs and ids. A filter finds root runs that are not
        archived, in `experiment` if given; `children` and `archived` include the
        others. `below` adds all runs below these. `action` is archive, unarchive,
        delete, restore, lock, unlock, cancel, star, unstar, tag (with the values `tags`
        and `remove`), move (`to`, `create`), mark (`status` Completed or Failed,
        `reason`) or rename (`pattern`, `find`, `replacement`). With `dry_run` nothing
        changes: the result is what would.

        More than 1,000 runs are changed in the background: this waits for it, with the
        progress on a terminal, or calls `progress(done, total)`. With `wait=False` it
        returns at once. Raises UserErrorException if the task failed or was stopped.
        """
        body = {**values, **selection(selected), "action": action, "dry_run": dry_run}
        flags = {"children": children, "archived": archived, "below": below}
        body.update({name: True for name, is_on in flags.items() if is_on})
        return change_runs(
            self._connection, body, experiment=experiment, wait=wait, progress=progress
        )

    def change_experiments(
        self,
        selected: Selected,
        action: str,
        *,
        tags: Mapping[str, str | None] | None = None,
        remove: Sequence[str] = (),
        dry_run: bool = False,
    ) -> BulkResult:
        """Change up to 500 experiments as one change, which one `undo` restores.

        `selected` is a filter of the list of experiments, which finds archived ones
        too, or experiments. `action` is archive, unarchive, delete, restore or tag
        (`tags`, and keys to `remove`). With `dry_run` nothing changes: the result is
        what would.
        """
        body = {
            "action": action,
            **selection(selected, int),
            "tags": dict(tags or {}),
            "remove": list(remove),
            "dry_run": dry_run,
        }
        return change_experiments(self._connection, body)

    def undo(
        self,
        change: Change | int | None = None,
        *,
        anyway: bool = False,
        wait: bool = True,
    ) -> int | None:
        """Undo a change, or the last one that was made with this token.

        Returns the number of the undo, which can be undone in turn; None if nothing
        was restored. More than 1,000 values are restored in the background: this waits
        for it, with the progress on a terminal; with `wait=False` it returns None at
        once. Raises Conflict if a value was changed since, unless `anyway`, and
        UserErrorException if the background task failed or was stopped. Not in the v1
        SDK.
        """
        return undo_change(self._connection, change, anyway, wait=wait)

    def undo_since(
        self, token: str, since: datetime, *, dry_run: bool = False, wait: bool = True
    ) -> dict[str, Any]:
        """Undo everything that the token of this name changed since a time, as one.

        Returns what changed and was skipped; with `dry_run`, what would. More than
        1,000 values are restored in the background: this waits for it and returns the
        task; with `wait=False` it returns at once. Not in the v1 SDK.
        """
        return undo_token_changes(self._connection, token, since, dry_run, wait)
