"""From a status change to notifications: who gets which, and only once."""

from __future__ import annotations

import pytest

from runs.actions.account import remove_member
from runs.actions.actor import Actor
from runs.actions.comments import add_comment, edit_comment
from runs.actions.notify import (
    NotificationChoices,
    create_notifications,
    delete_expired_notifications,
    follow,
    set_notification_settings,
)
from runs.actions.run.lifecycle import change_status, reopen_run
from runs.actions.run.purge import purge_run
from runs.actions.run.runs import create_run, trash_run
from runs.models import (
    Experiment,
    Member,
    Notification,
    Run,
    RunEvent,
    StatusChange,
    User,
    Workspace,
)
from runs.search.notify import list_inbox, unread_notifications
from studio.core.statuses import RunStatus

pytestmark = pytest.mark.django_db

DAY_MS = 24 * 3600 * 1000


@pytest.fixture
def own(ben: User) -> Actor:
    return Actor(ben)


def finish(
    run: Run, actor: Actor, now: int, status: RunStatus = RunStatus.COMPLETED
) -> None:
    change_status(run, status, actor=actor, now=now)
    create_notifications(now)


def inbox(user: User) -> list[tuple[str, str, str]]:
    """Names and new statuses of the runs, and the reason."""
    found = []
    for each in list_inbox(user).entries:
        assert each.event is not None
        status = RunStatus.from_code(each.event.new)
        found.append((each.event.run.run_id, str(status), str(each.reason)))
    return found


def test_a_status_change_is_recorded_with_its_event(
    run: Run, actor: Actor, now: int
) -> None:
    change_status(run, RunStatus.COMPLETED, actor=actor, now=now)
    # What a final run ignores changes nothing.
    change_status(run, RunStatus.FAILED, actor=actor, now=now)
    changed = StatusChange.objects.order_by("event").values_list(
        "event__new", flat=True
    )
    assert list(changed) == [RunStatus.RUNNING.code, RunStatus.COMPLETED.code]
    assert RunEvent.objects.count() == 3


def test_who_follows_a_run_is_notified_once(
    run: Run, workspace: Workspace, actor: Actor, own: Actor, now: int
) -> None:
    follow(workspace, run, True, actor=own, now=now)
    follow(workspace, run, True, actor=own, now=now)
    finish(run, actor, now)
    create_notifications(now)
    assert own.user is not None
    assert inbox(own.user) == [("run-1", "Completed", "run")]
    assert len(unread_notifications.all(own.user.pk)) == 1


def test_a_run_that_ends_again_notifies_again(
    run: Run, workspace: Workspace, actor: Actor, ben: User, own: Actor, now: int
) -> None:
    follow(workspace, run, True, actor=own, now=now)
    finish(run, actor, now)
    reopen_run(run, actor=actor, now=now)
    finish(run, actor, now, RunStatus.FAILED)
    assert [status for _run, status, _why in inbox(ben)] == ["Failed", "Completed"]


@pytest.mark.parametrize("subject", ["own", "experiment"])
def test_child_runs_notify_only_those_who_follow_them(
    subject: str,
    experiment: Experiment,
    workspace: Workspace,
    ben: User,
    own: Actor,
    now: int,
) -> None:
    place = experiment if subject == "experiment" else None
    follow(workspace, place, True, actor=own, now=now)
    root = create_run(experiment, run_id="root", actor=own, now=now)
    child = create_run(
        experiment, run_id="child", parent_run_id="root", actor=own, now=now
    )
    finish(child, own, now)
    finish(root, own, now)
    reason = "exp" if place else "own"
    assert inbox(ben) == [("root", "Completed", reason)]
    follow(workspace, child, True, actor=own, now=now)
    reopen_run(child, actor=own, now=now)
    finish(child, own, now)
    assert inbox(ben)[0] == ("child", "Completed", "run")


def test_runs_of_others_are_not_own_runs(
    run: Run, workspace: Workspace, actor: Actor, ben: User, own: Actor, now: int
) -> None:
    follow(workspace, None, True, actor=own, now=now)
    finish(run, actor, now)
    assert inbox(ben) == []


def test_a_person_chooses_the_statuses(
    run: Run, workspace: Workspace, actor: Actor, ben: User, own: Actor, now: int
) -> None:
    follow(workspace, run, True, actor=own, now=now)
    choices = NotificationChoices(["Failed"], email=True)
    set_notification_settings(ben, choices, actor=own, now=now)
    finish(run, actor, now)
    reopen_run(run, actor=actor, now=now)
    finish(run, actor, now, RunStatus.FAILED)
    assert [status for _run, status, _why in inbox(ben)] == ["Failed"]


def test_who_is_no_member_anymore_is_not_notified(
    run: Run, workspace: Workspace, actor: Actor, ben: User, own: Actor, now: int
) -> None:
    follow(workspace, run, True, actor=own, now=now)
    Member.objects.filter(user=ben).delete()
    finish(run, actor, now)
    assert not Notification.objects.exists()


def test_a_mention_is_in_the_inbox_and_not_that_of_oneself(
    run: Run, actor: Actor, ben: User, now: int
) -> None:
    comment = add_comment(run, "Look, @ben and @ada", actor=actor, now=now)
    edit_comment(comment, "Look here, @ben", actor=actor, now=now)
    [entry] = list_inbox(ben, "mentions").entries
    assert entry.comment == comment
    assert actor.user is not None
    assert len(unread_notifications.all(actor.user.pk)) == 0


def test_a_purged_run_leaves_nothing(
    run: Run, workspace: Workspace, actor: Actor, ben: User, own: Actor, now: int
) -> None:
    follow(workspace, run, True, actor=own, now=now)
    finish(run, actor, now)
    trash_run(run, actor=actor, now=now)
    purge_run(run, actor=actor, now=now)
    assert not Notification.objects.exists()
    assert not StatusChange.objects.exists()


def test_a_removed_member_who_comes_back_follows_nothing(
    run: Run, workspace: Workspace, actor: Actor, ben: User, own: Actor, now: int
) -> None:
    for subject in (run, run.experiment, None):
        follow(workspace, subject, True, actor=own, now=now)
    member = Member.objects.get(user=ben, workspace=workspace)
    remove_member(member, actor=actor, now=now)
    Member.objects.create(user=ben, workspace=workspace, role=member.role)
    finish(run, actor, now)
    assert not Notification.objects.exists()


def test_old_events_and_notifications_are_deleted(
    run: Run, workspace: Workspace, actor: Actor, own: Actor, now: int
) -> None:
    follow(workspace, run, True, actor=own, now=now)
    finish(run, actor, now)
    assert delete_expired_notifications(now + 90 * DAY_MS) == 0
    assert delete_expired_notifications(now + 90 * DAY_MS + 1) == 3
    assert not Notification.objects.exists()
