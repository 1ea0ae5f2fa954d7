"""Change many runs or experiments at once, as one change set."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Optional, Protocol, Union

from studio.core.errors import NotFound
from studio.sdk.changes.background_tasks import wait_for_task
from studio.sdk.connection import WorkspaceConnection

#: Called with how many runs a background task has handled, and of how many.
Progress = Optional[Callable[[int, int], object]]


class HasId(Protocol):
    """A run or an experiment."""

    @property
    def id(self) -> str:
        """The id that the server knows."""


#: A filter, or objects and ids.
Selected = Union[str, Iterable[Union[str, HasId]]]


@dataclass(frozen=True)
class BulkResult:
    """How many runs or experiments changed, and how many did not, by reason.

    `change_set` is the number for `Workspace.undo`, None if nothing was changed. `task`
    is the number of the background task that changed more than 1,000 runs.
    """

    changed: int
    skipped: dict[str, int]
    change_set: int | None
    task: int | None = None


def change_runs(
    connection: WorkspaceConnection,
    body: Mapping[str, Any],
    *,
    experiment: str,
    wait: bool,
    progress: Progress,
) -> BulkResult:
    """Send the change; wait for its background task if there is one."""
    # A request that is sent again starts no second task.
    sent = {**body, "request_id": uuid.uuid4().hex}
    if experiment:
        sent["experiment"] = _experiment_number(connection, experiment)
    reply = connection.change("POST", "bulk", sent)
    task = reply.get("task")
    if not task:
        return _result_of(reply)
    if wait:
        task = wait_for_task(connection.get, task, progress)
    return _result_of(task, task["id"])


def change_experiments(
    connection: WorkspaceConnection, body: Mapping[str, Any]
) -> BulkResult:
    """Send the change; the server makes it at once."""
    return _result_of(connection.change("POST", "experiments/bulk", body))


def selection(selected: Selected, to_id: Callable[[str], object] = str) -> Any:
    """Return which ones a request names: by a filter, or by ids."""
    if isinstance(selected, str):
        return {"q": selected}
    ids = [each if isinstance(each, str) else each.id for each in selected]
    return {"ids": [to_id(each) for each in ids]}


def _experiment_number(connection: WorkspaceConnection, name: str) -> int:
    found = connection.get("experiments", name=name)["experiments"]
    if not found:
        raise NotFound(f"There is no experiment {name!r}.")
    return int(found[0]["id"])


def _result_of(reply: Mapping[str, Any], task: int | None = None) -> BulkResult:
    skipped = {why: count for why, count in reply["skipped"].items() if count}
    return BulkResult(reply["changed"], skipped, reply["change_set"], task)
