"""One step of a background task: a transaction with the changes and the progress.

A worker that is killed leaves the whole step or nothing of it, so no run is changed
twice or by half.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from runs.actions.actor import Actor
from runs.actions.background_tasks.stored_changes import load_change
from runs.actions.bulk import BulkResult, change_batch
from runs.actions.task_rows import end_task
from runs.actions.undo import (
    MAX_LATER,
    UndoSkip,
    finish_undo_since,
    mark_undone,
    undo_changes,
    undo_part_since,
)
from runs.models import (
    ApiToken,
    BackgroundTask,
    BackgroundTaskStep,
    Change,
    ChangeSet,
    ChangeWay,
    Member,
    Role,
    TaskKind,
    TaskState,
)
from runs.storage.prepared import Prepared
from studio.core.batches import batches

#: Why values are left as they are by an undo, next to those of `Skip`.
CHANGED_SINCE, ALREADY = "changed", "same"

_changes = Prepared(
    lambda keys: (
        # Runs and experiments are read once, with their locks.
        Change.objects.filter(pk__in=keys)
        # In the order of the undo.
        .order_by("-pk")
    )
)


@transaction.atomic
def run_step(key: int, now: int) -> bool:
    """Do the next step of a task that changes runs; return whether more are left."""
    # Locked first, so that a stop waits for the step or the step finds the stop.
    rows = BackgroundTask.objects.select_for_update(no_key=True, of=("self",)).open()
    task = rows.select_related("workspace", "user", "token").filter(pk=key).first()
    if task is None:
        # Stopped, or its workspace was deleted.
        return False
    refused = why_refused(task)
    if refused:
        end_task(key, TaskState.STOPPED, now=now, error=refused)
        return False
    step = BackgroundTaskStep.objects.filter(task=task, first=task.position).first()
    if step is not None:
        keys = step.keys
        _do_step(task, keys, now)
        task.position += len(keys)
    task.state, task.attempts = TaskState.RUNNING, 0
    task.started = task.started or now
    task.save(
        update_fields=[
            "attempts", "change_set", "changed", "position", "result", "skipped",
            "started", "state",
        ]
    )  # fmt: skip
    if step is None or task.position >= task.total:
        end_task(key, TaskState.DONE, now=now)
        if task.kind == TaskKind.UNDO:
            _mark_undone(task)
        return False
    return True


def _do_step(task: BackgroundTask, keys: Sequence[int], now: int) -> None:
    if task.kind != TaskKind.UNDO:
        _change_step(task, keys, now)
    elif "token" in task.request:
        _undo_since_step(task, keys, now)
    else:
        _undo_step(task, keys, now)


def _mark_undone(task: BackgroundTask) -> None:
    """Of a change that was undone in part, the rest is still in effect."""
    if "token" in task.request:
        if task.change_set is not None:
            kept = set(task.result.get("kept", ()))
            finish_undo_since(task.change_set, set(task.request["sets"]) - kept)
        return
    left = {why for why, n in task.skipped_counts.items() if n and why != ALREADY}
    if task.change_set is not None and not left:
        mark_undone([task.request["change_set"]], task.change_set)


def why_refused(task: BackgroundTask) -> str:
    """Return why the member can no longer do it; empty if they can."""
    user, token = task.user, task.token
    if user is None:
        return _("The member who started this was removed.")
    role = member_role(task)
    if role is None or not user.is_active:
        return _("%(name)s is no longer a member.") % {"name": user.username}
    if token is not None and (
        token.revoked is not None
        or (token.expires is not None and token.expires <= timezone.now())
    ):
        return _("The token “%(name)s” was revoked or has expired.") % {
            "name": token.name
        }
    if role < task.role:
        return _("%(name)s no longer has the role %(role)s.") % {
            "name": user.username,
            "role": _(Role(task.role).label),
        }
    return ""


def member_role(task: BackgroundTask) -> Role | None:
    """Return the member's role now, limited to the token's; None for no member."""
    rows = Member.objects.filter(user=task.user_id, workspace=task.workspace_id)
    role = rows.values_list("role", flat=True).first()
    if role is None:
        return None
    return Role(min(role, task.token.role_cap) if task.token else role)


def actor_of(task: BackgroundTask) -> Actor:
    way = ChangeWay(task.way) if task.way else ChangeWay.SERVER
    return Actor(task.user, task.token, way)


def _change_step(task: BackgroundTask, keys: Sequence[int], now: int) -> None:
    actor = actor_of(task)
    result = BulkResult(change_set=task.change_set)
    role = member_role(task)
    is_owner = role == Role.OWNER
    change = load_change(task.request, actor, now=now, is_owner=is_owner)
    change_batch(task.workspace, keys, change, result, actor=actor, now=now)
    task.changed += result.changed
    task.skipped = dict(
        Counter(task.skipped)
        + Counter({skip.value: n for skip, n in result.skipped.items()})
    )
    task.change_set = result.change_set


def _undo_step(task: BackgroundTask, keys: Sequence[int], now: int) -> None:
    undone = ChangeSet.objects.filter(pk=task.request["change_set"]).first()
    if undone is None:
        return
    done = undo_changes(
        undone,
        [change for some in batches(keys) for change in _changes.all(list(some))],
        into=task.change_set,
        actor=actor_of(task),
        now=now,
        anyway=task.request["anyway"],
        is_owner=member_role(task) == Role.OWNER,
    )
    task.change_set = done.change_set
    task.changed += done.restored
    task.skipped = dict(
        Counter(task.skipped)
        + Counter({CHANGED_SINCE: done.later_count, ALREADY: done.already})
        + Counter(done.skipped)
    )
    _note_later(task, done.later)


def _undo_since_step(task: BackgroundTask, keys: Sequence[int], now: int) -> None:
    """Undo a part of what a token changed; the token can be deleted in between."""
    token = ApiToken.objects.filter(pk=task.request["token"]).first()
    if token is None:
        return
    done = undo_part_since(
        task.workspace,
        token,
        keys,
        task.change_set,
        actor=actor_of(task),
        now=now,
        is_owner=member_role(task) == Role.OWNER,
    )
    task.change_set = done.change_set
    task.changed += done.changed
    names = {UndoSkip.CHANGED_SINCE: CHANGED_SINCE}
    counts = {names.get(why, why.value): n for why, n in done.skipped.items()}
    task.skipped = dict(Counter(task.skipped) + Counter(counts))
    kept = {*task.result.get("kept", ()), *done.kept}
    task.result = {**task.result, "kept": sorted(kept)}


def _note_later(task: BackgroundTask, later: Sequence[dict[str, Any]]) -> None:
    known: list[dict[str, Any]] = task.result.get("later", [])
    if later and len(known) < MAX_LATER:
        task.result = {**task.result, "later": [*known, *later][:MAX_LATER]}
