"""Start and stop background tasks.

The runs of a task are fixed when it is started. They are stored in steps, and each step
is one transaction of the worker.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from runs.actions.actor import Actor
from runs.actions.background_tasks.stored_changes import store_change
from runs.actions.bulk import BulkChange, check_bulk_size
from runs.actions.task_rows import end_task
from runs.actions.undo import (
    REDO,
    UNDO,
    refuse_if_not_undoable,
    split_changes,
    split_changes_since,
)
from runs.models import (
    ApiToken,
    BackgroundTask,
    BackgroundTaskStep,
    ChangeSet,
    ExportState,
    HistoryExport,
    Role,
    TaskKind,
    TaskState,
    Workspace,
    pack_keys,
)
from studio.core.errors import InvalidState, InvalidValue

#: Changes of more runs, or undos of more values, are background tasks.
LARGE_CHANGE = 1_000
#: Of one step of an undo. More would make other writers wait for longer.
VALUES_PER_STEP = 500
#: The tasks that change runs, one after the other in each workspace.
CHANGING_KINDS = (TaskKind.CHANGE, TaskKind.UNDO)
#: Of one workspace at a time.
MAX_OPEN_TASKS = 20
MAX_REQUEST_ID = 64


def start_bulk_change(
    workspace: Workspace,
    keys: Sequence[int],
    change: BulkChange,
    *,
    actor: Actor,
    role: Role,
    now: int,
    request_id: str | None = None,
) -> BackgroundTask:
    """Start to change the runs with these keys; `role` is the lowest that can do it.

    Returns the same task for a repeated `request_id`. Raises InvalidValue for too many
    runs, InvalidState if too many tasks are open.
    """
    check_bulk_size(len(keys))
    # Before the transaction, in which others could not write for as long.
    steps = list(change.split(keys))
    with transaction.atomic():
        _lock_tasks(workspace)
        started = find_started(workspace, actor, request_id)
        if started is not None:
            return started
        check_open_tasks(workspace)
        task = BackgroundTask.objects.create(
            workspace=workspace,
            user=actor.user,
            token=actor.token,
            way=actor.way,
            kind=TaskKind.CHANGE,
            action=change.action,
            request=store_change(change),
            role=role,
            total=sum(map(len, steps)),
            request_id=request_id or None,
            created=now,
        )
        store_steps(task, steps)
        return task


def _lock_tasks(workspace: Workspace) -> None:
    """Let others wait who start a task: two of them would both find none."""
    Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)


def store_steps(task: BackgroundTask, steps: Sequence[Sequence[int]]) -> None:
    """Store the keys of the runs, or of the changes, that each step is for."""
    firsts = accumulate(map(len, steps), initial=0)
    BackgroundTaskStep.objects.bulk_create(
        [
            BackgroundTaskStep(task=task, first=first, packed=pack_keys(some))
            # There is one more sum than steps: the total.
            for first, some in zip(firsts, steps, strict=False)
        ],
        batch_size=100,
    )


@transaction.atomic
def start_undo(
    change_set: ChangeSet,
    *,
    actor: Actor,
    role: Role,
    now: int,
    anyway: bool = False,
    request_id: str | None = None,
) -> BackgroundTask:
    """Start to undo a large change set.

    Without `anyway`, values that were changed since are left as they are; the result
    lists some of them. Raises NotSupported, or InvalidState if too many tasks are open.
    """
    workspace = change_set.workspace
    _lock_tasks(workspace)
    started = find_started(workspace, actor, request_id)
    if started is not None:
        return started
    same = BackgroundTask.objects.open().filter(
        kind=TaskKind.UNDO, request={"change_set": change_set.pk, "anyway": anyway}
    )
    found = same.filter(workspace=workspace).first()
    if found is not None:
        # A second click does not undo the undo.
        return found
    refuse_if_not_undoable(change_set, actor)
    check_open_tasks(workspace)
    steps = split_changes(change_set, VALUES_PER_STEP)
    task = BackgroundTask.objects.create(
        workspace=workspace,
        user=actor.user,
        token=actor.token,
        way=actor.way,
        kind=TaskKind.UNDO,
        action=REDO if change_set.action == UNDO else UNDO,
        request={"change_set": change_set.pk, "anyway": anyway},
        role=role,
        total=sum(map(len, steps)),
        request_id=request_id or None,
        created=now,
    )
    store_steps(task, steps)
    return task


@transaction.atomic
def start_undo_since(
    workspace: Workspace,
    token: ApiToken,
    since: int,
    *,
    actor: Actor,
    role: Role,
    now: int,
) -> BackgroundTask:
    """Start to undo all that `token` changed in `workspace` since then.

    Raises what `undo_since` raises, and InvalidState if too many tasks are open.
    """
    _lock_tasks(workspace)
    request = {"token": token.pk, "since": since}
    same = BackgroundTask.objects.open().filter(kind=TaskKind.UNDO, workspace=workspace)
    found = same.filter(request__token=token.pk, request__since=since).first()
    if found is not None:
        # A second click starts no second undo.
        return found
    parts, sets = split_changes_since(workspace, token, since)
    check_open_tasks(workspace)
    task = BackgroundTask.objects.create(
        workspace=workspace,
        user=actor.user,
        token=actor.token,
        way=actor.way,
        kind=TaskKind.UNDO,
        action=UNDO,
        request={**request, "sets": sets},
        role=role,
        total=sum(map(len, parts)),
        created=now,
    )
    store_steps(task, parts)
    return task


def find_started(
    workspace: Workspace, actor: Actor, request_id: str | None
) -> BackgroundTask | None:
    """Return the task that the actor's same request started. Raise InvalidValue."""
    if not request_id:
        return None
    if len(request_id) > MAX_REQUEST_ID:
        text = _("request_id can have up to %(max)s characters.")
        raise InvalidValue(text % {"max": MAX_REQUEST_ID}, field="request_id")
    rows = BackgroundTask.objects.filter(workspace=workspace, user=actor.user)
    return rows.filter(request_id=request_id).first()


def check_open_tasks(workspace: Workspace) -> None:
    """Raise InvalidState if the workspace has too many open tasks."""
    rows = BackgroundTask.objects.open().filter(
        workspace=workspace, kind__in=CHANGING_KINDS
    )
    if rows.count() >= MAX_OPEN_TASKS:
        raise InvalidState(
            _(
                "%(count)s background tasks are waiting or running. Wait until one has "
                "ended, or stop one."
            )
            % {"count": MAX_OPEN_TASKS}
        )


@transaction.atomic
def stop_task(task: BackgroundTask, *, now: int) -> bool:
    """Stop an open task at once; return whether it was open.

    A step that is being written is finished before. What is done stays done, but the
    incomplete file of an export is deleted.
    """
    # The order of locks is that of a step: the task, then all else.
    rows = BackgroundTask.objects.select_for_update(no_key=True).open()
    if not rows.filter(pk=task.pk).exists():
        return False
    if task.kind == TaskKind.EXPORT:
        HistoryExport.objects.open().filter(pk=task.request["export"]).update(
            state=ExportState.STOPPED, ended=now
        )
    return end_task(task.pk, TaskState.STOPPED, now=now)


def count_attempt(key: int) -> None:
    """Note that a worker begins with a task."""
    rows = BackgroundTask.objects.open().filter(pk=key)
    rows.update(attempts=F("attempts") + 1)
