"""Turn status changes into notifications of those who follow the runs.

Status changes are the outbox: each was stored by the transaction that changed the
status. A batch of them becomes notifications and mails to be sent in one transaction,
so that none is lost or doubled, whenever the worker ends.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from runs.actions.notify.alert_matching import (
    RuleMatch,
    find_matches,
    fire_matches,
    notify_of_alerts,
)
from runs.actions.notify.outbox import ChangedRun, plan_mails, read_people
from runs.models import (
    Comment,
    Follow,
    FollowReason,
    Notification,
    StatusChange,
)
from studio.core.statuses import RunStatus

BATCH = 500
_FIELDS = (
    "event_id",
    "workspace_id",
    "event__new",
    "event__time",
    "event__run_id",
    "event__run__experiment_id",
    "event__run__submitter_id",
    "event__run__parent_id",
    "event__run__parent_run_id",
)


def create_notifications(now: int) -> int:
    """Work off all open status changes; return how many."""
    count = 0
    while found := _handle_batch(now):
        count += found
        if found < BATCH:
            break
    # After all batches, so that a burst of changes is one message.
    notify_of_alerts(now)
    return count


def _handle_batch(now: int) -> int:
    rows = StatusChange.objects.filter(is_open=True).order_by("event")
    changes = [_changed_run(row) for row in rows.values_list(*_FIELDS)[:BATCH]]
    if not changes:
        return 0
    # Before the transaction, which holds up what scripts log.
    return _work_off(changes, find_matches(changes, now), now)


@transaction.atomic
def _work_off(
    changes: Sequence[ChangedRun], matches: Sequence[RuleMatch], now: int
) -> int:
    """Notify of the changes that no other worker took since then; return how many."""
    keys = [change.event for change in changes]
    rows = StatusChange.objects.filter(event__in=keys, is_open=True)
    if connection.vendor == "postgresql":
        rows = rows.select_for_update(skip_locked=True, of=("self",))
    taken = set(rows.values_list("event", flat=True))
    _notify([change for change in changes if change.event in taken], now)
    fire_matches(matches, taken, now)
    StatusChange.objects.filter(event__in=taken).update(is_open=False)
    return len(taken)


def _changed_run(row: Sequence[Any]) -> ChangedRun:
    event, workspace, new, time, run, experiment, submitter, parent, parent_id = row
    return ChangedRun(
        event,
        workspace,
        RunStatus.from_code(new).value,
        time,
        run,
        experiment,
        submitter,
        is_child=bool(parent or parent_id),
    )


def _notify(changes: Sequence[ChangedRun], now: int) -> None:
    follows = _find_follows(changes)
    if not follows:
        return
    spaces = {change.workspace for change in changes}
    people = read_people({each.user_id for each in follows}, spaces)
    by_subject = _by_subject(follows)
    created: list[Notification] = []
    mailed: list[Notification] = []
    for change in changes:
        known: set[int] = set()
        for reason, follow in _follows_of(change, by_subject):
            person = people.get((follow.user_id, change.workspace))
            # One message of a change, however many follows match.
            if person is None or follow.user_id in known:
                continue
            if change.status not in person.chosen.statuses:
                continue
            known.add(follow.user_id)
            created.append(_notification(change, reason, follow, now))
            if person.gets_mail(change.status) and not is_muted(follow, now):
                mailed.append(created[-1])
    Notification.objects.bulk_create(created)
    plan_mails(mailed, people, now)


def _notification(
    change: ChangedRun, reason: FollowReason, follow: Follow, now: int
) -> Notification:
    return Notification(
        user_id=follow.user_id,
        workspace_id=change.workspace,
        event_id=change.event,
        reason=reason,
        follow=follow,
        created=now,
    )


def is_muted(follow: Follow, now: int) -> bool:
    return follow.muted_until is not None and follow.muted_until > now


def _find_follows(changes: Sequence[ChangedRun]) -> list[Follow]:
    submitters = {change.submitter for change in changes if change.submitter}
    condition = Q(run__in={change.run for change in changes})
    condition |= Q(experiment__in={change.experiment for change in changes})
    condition |= Q(
        user__in=submitters,
        run__isnull=True,
        experiment__isnull=True,
        view__isnull=True,
        workspace__in={change.workspace for change in changes},
    )
    return list(Follow.objects.filter(condition).order_by("pk"))


Subject = tuple[FollowReason, int, int]


def _by_subject(follows: Iterable[Follow]) -> Mapping[Subject, list[Follow]]:
    found: dict[Subject, list[Follow]] = defaultdict(list)
    for follow in follows:
        if follow.run_id is not None:
            found[FollowReason.RUN, follow.run_id, 0].append(follow)
        elif follow.experiment_id is not None:
            found[FollowReason.EXPERIMENT, follow.experiment_id, 0].append(follow)
        else:
            own = (FollowReason.OWN, follow.user_id, follow.workspace_id)
            found[own].append(follow)
    return found


def _follows_of(
    change: ChangedRun, by_subject: Mapping[Subject, list[Follow]]
) -> Iterable[tuple[FollowReason, Follow]]:
    """Return who follows the run, the most specific follow first.

    A child run has no followers of its experiment or submitter: of a sweep's hundred
    runs its parent tells.
    """
    subjects: list[Subject] = [(FollowReason.RUN, change.run, 0)]
    if not change.is_child:
        if change.submitter is not None:
            subjects.append((FollowReason.OWN, change.submitter, change.workspace))
        subjects.append((FollowReason.EXPERIMENT, change.experiment, 0))
    for subject in subjects:
        for follow in by_subject.get(subject, ()):
            yield subject[0], follow


def notify_of_mentions(comment: Comment, users: Sequence[int], *, now: int) -> None:
    """Notify those whom a comment mentions; once each, however often it is edited.

    Its author knows already. A mention is no mail: only the inbox has it.
    """
    Notification.objects.bulk_create(
        (
            Notification(
                user_id=user,
                workspace_id=comment.workspace_id,
                comment=comment,
                reason=FollowReason.MENTION,
                created=now,
            )
            for user in users
            if user != comment.author_id
        ),
        ignore_conflicts=True,
    )
