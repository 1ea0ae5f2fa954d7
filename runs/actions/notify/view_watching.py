"""Notice which runs enter and leave views: for followers and for alert rules.

The worker compares the runs of a view with those of its last look. The first look, and
the first one after the view was saved, only remembers them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import partial

from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from runs.actions.notify.alert_matching import (
    evaluate,
    fire_rule,
    keep_error,
    runs_matching_rule,
    with_members,
)
from runs.actions.notify.outbox import plan_mails, read_people
from runs.actions.notify.status_notifications import is_muted
from runs.models import (
    VIEW_EVENT,
    AlertCondition,
    AlertRule,
    Follow,
    FollowReason,
    Member,
    Notification,
    User,
    View,
    ViewWatch,
    ViewWatchRun,
)
from runs.search.notify import runs_of_view
from runs.search.sql import time_limit
from studio.core.batches import batches
from studio.core.errors import StudioError

#: Larger views are not compared: each look reads the keys of all their runs.
MAX_RUNS = 20_000
#: Between two messages to a follower of a view.
PAUSE_MINUTES = 10
_MINUTE_MS = 60_000


@dataclass
class _Wanted:
    """A view as a person sees it, with what needs it."""

    view: View
    viewer: User
    follows: list[Follow] = field(default_factory=list)
    rules: list[AlertRule] = field(default_factory=list)


@dataclass(frozen=True)
class _Difference:
    entered: Sequence[int]
    left: Sequence[int]


def look_at_views(now: int) -> int:
    """Compare the views that are followed; return how many runs entered or left."""
    wanted = _find_wanted()
    found = ViewWatch.objects.select_related("view", "viewer")
    watches = {(each.view_id, each.viewer_id): each for each in found}
    unused = [watch.pk for key, watch in watches.items() if key not in wanted]
    ViewWatch.objects.filter(pk__in=unused).delete()
    count = sum(_look(each, watches.get(key), now) for key, each in wanted.items())
    _notify_followers(now)
    return count


def _find_wanted() -> dict[tuple[int, int], _Wanted]:
    wanted: dict[tuple[int, int], _Wanted] = {}
    follows = Follow.objects.filter(view__deleted__isnull=True, user__is_active=True)
    members = set(Member.objects.values_list("user_id", "workspace_id"))
    for follow in follows.select_related("view__workspace", "user").exclude(view=None):
        view, user = follow.view, follow.user
        assert view is not None
        # Someone can have left the workspace, or the view can have become private.
        if (user.pk, view.workspace_id) in members and (
            view.shared or view.owner_id == user.pk
        ):
            each = wanted.setdefault((view.pk, user.pk), _Wanted(view, user))
            each.follows.append(follow)
    conditions = (AlertCondition.ENTERED, AlertCondition.LEFT)
    rules = AlertRule.objects.enabled().filter(condition__in=conditions)
    for rule in with_members(rules):
        author = rule.author
        assert author is not None
        views = View.objects.visible_to(author).active()
        views = views.filter(workspace=rule.workspace, slug=rule.settings["view"])
        view = views.select_related("workspace").first()
        if view is None:
            keep_error(rule, _("Its author can't see this view, or it was deleted."))
            continue
        each = wanted.setdefault((view.pk, author.pk), _Wanted(view, author))
        each.rules.append(rule)
    return wanted


def _look(wanted: _Wanted, watch: ViewWatch | None, now: int) -> int:
    """Compare a view with its last look; return how many runs entered or left."""
    error, runs = _read_runs(wanted, now)
    for rule in wanted.rules:
        keep_error(rule, error)
    if watch is not None and watch.error != error:
        ViewWatch.objects.filter(pk=watch.pk).update(error=error)
    if error:
        return 0
    if watch is None or watch.revision != wanted.view.revision:
        _remember(wanted, runs)
        return 0
    rows = ViewWatchRun.objects.filter(watch=watch)
    known: set[int] = set(rows.values_list("run_id", flat=True))
    found = _Difference(sorted(runs - known), sorted(known - runs))
    if not (found.entered or found.left):
        return 0
    # Filters before the transaction, which holds up what scripts log.
    hits = [(rule, _hits_of_rule(rule, found, now)) for rule in wanted.rules]
    try:
        return _handle(watch, wanted.follows, found, hits, now)
    except IntegrityError:
        # A run was purged since then: the next look finds the others.
        return 0


def _read_runs(wanted: _Wanted, now: int) -> tuple[str, set[int]]:
    """The keys of the runs of the view; a text if they can't be read."""
    try:
        with time_limit():
            rows = runs_of_view(wanted.view, wanted.viewer, now).order_by()
            runs = set(rows.values_list("pk", flat=True)[: MAX_RUNS + 1])
    except StudioError as error:
        return error.message, set()
    except DatabaseError:
        return _("The database could not apply this filter."), set()
    if len(runs) > MAX_RUNS:
        text = _("The view has more than %(limit)s runs: too many to compare.")
        return text % {"limit": MAX_RUNS}, set()
    return "", runs


@transaction.atomic
def _remember(wanted: _Wanted, runs: Collection[int]) -> None:
    watch, _is_new = ViewWatch.objects.update_or_create(
        view=wanted.view,
        viewer=wanted.viewer,
        defaults={"revision": wanted.view.revision, "error": ""},
    )
    ViewWatchRun.objects.filter(watch=watch).delete()
    _add_runs(watch, runs)


def _add_runs(watch: ViewWatch, runs: Collection[int]) -> None:
    rows = [ViewWatchRun(watch=watch, run_id=run) for run in runs]
    ViewWatchRun.objects.bulk_create(rows, batch_size=1000)


def _hits_of_rule(rule: AlertRule, found: _Difference, now: int) -> list[int]:
    is_entry = rule.condition == AlertCondition.ENTERED
    runs = found.entered if is_entry else found.left
    return (
        evaluate([rule], partial(runs_matching_rule, rule, runs, now)) if runs else []
    )


@transaction.atomic
def _handle(
    watch: ViewWatch,
    follows: Sequence[Follow],
    found: _Difference,
    hits: Sequence[tuple[AlertRule, list[int]]],
    now: int,
) -> int:
    rows = ViewWatch.objects.filter(pk=watch.pk, looks=watch.looks)
    if not rows.update(looks=F("looks") + 1):
        return 0
    _add_runs(watch, found.entered)
    for some in batches(found.left):
        ViewWatchRun.objects.filter(watch=watch, run__in=some).delete()
    for rule, runs in hits:
        if runs:
            fire_rule(rule, runs, now)
    if found.entered:
        Follow.objects.filter(pk__in=[each.pk for each in follows]).update(
            unsent=F("unsent") + len(found.entered), latest=found.entered[-1]
        )
    return len(found.entered) + len(found.left)


def _notify_followers(now: int) -> None:
    since = now - PAUSE_MINUTES * _MINUTE_MS
    rows = Follow.objects.filter(
        Q(last_sent__isnull=True) | Q(last_sent__lte=since), unsent__gt=0
    )
    by_space: dict[int, list[Follow]] = defaultdict(list)
    for follow in rows.select_related("view").order_by("pk"):
        by_space[follow.workspace_id].append(follow)
    for space, follows in by_space.items():
        _notify_space(space, follows, now)


@transaction.atomic
def _notify_space(space: int, follows: Sequence[Follow], now: int) -> None:
    people = read_people({each.user_id for each in follows}, {space})
    mailed: list[Notification] = []
    for follow in follows:
        same = Follow.objects.filter(pk=follow.pk, last_sent=follow.last_sent)
        if not same.update(unsent=F("unsent") - follow.unsent, last_sent=now):
            continue
        person = people.get((follow.user_id, space))
        if person is None:
            continue
        notification = Notification.objects.create(
            user_id=follow.user_id,
            workspace_id=space,
            view=follow.view,
            run_id=follow.latest_id,
            count=follow.unsent,
            reason=FollowReason.VIEW,
            follow=follow,
            created=now,
        )
        if person.gets_mail(VIEW_EVENT) and not is_muted(follow, now):
            mailed.append(notification)
    plan_mails(mailed, people, now)
