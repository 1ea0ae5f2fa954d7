"""Fire alerts: which runs match which rules, and when recipients are notified.

Matches of a rule are counted in its open alert. The throttle holds messages back, not
matches: the next message tells how many there were. So ten thousand matches at once are
one message.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from django.db import transaction
from django.db.models import BigIntegerField, F
from django.db.models.functions import Cast

from runs.actions.actor import Actor
from runs.actions.notify.outbox import ChangedRun, new_delivery, read_people
from runs.models import (
    AlertCondition,
    AlertMatch,
    AlertRecipient,
    AlertRule,
    Delivery,
    FiredAlert,
    FollowReason,
    Notification,
    Run,
)
from runs.notify import is_mail_configured
from runs.search.notify import runs_meeting_condition, runs_of_rule
from studio.core.batches import batches
from studio.core.errors import StudioError

_MINUTE_MS = 60_000
#: Runs of one look at a rule's condition; the next look finds the others.
MAX_MATCHES = 1000


def fire_for_changes(changes: Sequence[ChangedRun], now: int) -> None:
    """Fire the rules whose statuses these runs entered, within a transaction."""
    by_space: dict[int, list[ChangedRun]] = defaultdict(list)
    for change in changes:
        by_space[change.workspace].append(change)
    rules = AlertRule.objects.enabled().filter(
        workspace__in=by_space, condition=AlertCondition.STATUS
    )
    for rule in rules.select_related("author", "workspace"):
        wanted = set(rule.settings["statuses"])
        entered = [
            change
            for change in by_space[rule.workspace_id]
            # What happened before the rule was made or switched on is not its matter.
            if change.status in wanted and change.time >= rule.changed
        ]
        if not entered:
            continue
        found = _matching(rule, {change.run for change in entered}, now)
        hits = [change for change in entered if change.run in found]
        if hits:
            _fire(rule, len(hits), hits[-1].run, now)


def _matching(rule: AlertRule, runs: Collection[int], now: int) -> set[int]:
    try:
        rows = runs_of_rule(rule, now)
    except StudioError as error:
        _keep_error(rule, error)
        return set()
    found: set[int] = set()
    for some in batches(sorted(runs)):
        found.update(rows.filter(pk__in=some).order_by().values_list("pk", flat=True))
    return found


def _keep_error(rule: AlertRule, error: StudioError) -> None:
    # The language can change, and names of a rule's filter can be used up.
    AlertRule.objects.filter(pk=rule.pk).update(error=error.message)


def fire_for_conditions(now: int) -> int:
    """Look at the conditions of duration and metric; return how many runs matched."""
    count = 0
    rules = AlertRule.objects.enabled().exclude(condition=AlertCondition.STATUS)
    for rule in rules.select_related("author", "workspace").order_by("pk"):
        try:
            count += _look_at(rule, now)
        except StudioError as error:
            _keep_error(rule, error)
    return count


@transaction.atomic
def _look_at(rule: AlertRule, now: int) -> int:
    known = AlertMatch.objects.filter(rule=rule).values("run")
    rows = runs_meeting_condition(rule, now).exclude(pk__in=known)
    found = list(rows.order_by("pk").values_list("pk", flat=True)[:MAX_MATCHES])
    if found:
        AlertMatch.objects.bulk_create(
            AlertMatch(rule=rule, run_id=run, time=now) for run in found
        )
        _fire(rule, len(found), found[-1], now)
    return len(found)


def _fire(rule: AlertRule, count: int, run: int, now: int) -> None:
    """Count matches in the rule's open alert, which begins with the first one."""
    latest = {"last": now, "run": run}
    open_alerts = FiredAlert.objects.filter(rule=rule, resolved__isnull=True)
    if not open_alerts.update(
        matches=F("matches") + count, unsent=F("unsent") + count, **latest
    ):
        FiredAlert.objects.create(
            rule=rule,
            run_id=run,
            started=now,
            last=now,
            matches=count,
            unsent=count,
        )


def notify_of_alerts(now: int) -> int:
    """Notify of alerts that the throttle lets pass; return how many."""
    rows = FiredAlert.objects.filter(
        unsent__gt=0, rule__deleted__isnull=True, rule__is_enabled=True
    )
    sent = 0
    for alert in rows.select_related("rule", "run").order_by("pk"):
        last = alert.rule.last_sent
        if last is None or last + alert.rule.throttle * _MINUTE_MS <= now:
            _notify(alert, now)
            sent += 1
    return sent


@transaction.atomic
def _notify(alert: FiredAlert, now: int) -> None:
    rule = alert.rule
    count = alert.unsent
    FiredAlert.objects.filter(pk=alert.pk).update(unsent=F("unsent") - count)
    AlertRule.objects.filter(pk=rule.pk).update(last_sent=now)
    rule.last_sent = now
    _notify_of_alert(rule, alert.run, _recipients(alert), count, now)


def _recipients(alert: FiredAlert) -> list[AlertRecipient]:
    rows = AlertRecipient.objects.filter(rule=alert.rule)
    known = {each.user_id: each for each in rows}
    wanted = {user for user, each in known.items() if each.is_listed}
    submitter = alert.run.submitter_id if alert.run is not None else None
    if alert.rule.to_submitter and submitter is not None:
        wanted.add(submitter)
    return [
        known.get(user) or AlertRecipient(rule=alert.rule, user_id=user)
        for user in sorted(wanted)
        if user not in known or not known[user].is_out
    ]


def _notify_of_alert(
    rule: AlertRule,
    run: Run | None,
    recipients: Iterable[AlertRecipient],
    count: int,
    now: int,
) -> None:
    """Create the notifications, and mails to those who get some."""
    space = rule.workspace_id
    wanted = list(recipients)
    people = read_people({each.user_id for each in wanted}, {space})
    reached = [each for each in wanted if (each.user_id, space) in people]
    created = Notification.objects.bulk_create(
        Notification(
            user_id=each.user_id,
            workspace_id=space,
            rule=rule,
            run=run,
            count=count,
            reason=FollowReason.RULE,
            created=now,
        )
        for each in reached
    )
    if is_mail_configured():
        Delivery.objects.bulk_create(
            new_delivery(notification, now)
            for notification, each in zip(created, reached, strict=True)
            if people[each.user_id, space].gets_mail
            and not (each.muted_until is not None and each.muted_until > now)
        )


@transaction.atomic
def send_test_alert(rule: AlertRule, *, actor: Actor, now: int) -> None:
    """Send a message of the rule to the actor alone, about the newest matching run.

    Raises InvalidFilter.
    """
    assert actor.user is not None
    run = runs_of_rule(rule, now).order_by("-pk").first()
    recipient = AlertRecipient(rule=rule, user=actor.user)
    _notify_of_alert(rule, run, [recipient], 0, now)


def resolve_alerts(now: int) -> int:
    """Resolve alerts whose rule had no match for `resolve_after` minutes."""
    # PostgreSQL multiplies 32-bit numbers otherwise, and fails from 25 days on.
    minutes = Cast(F("rule__resolve_after"), BigIntegerField())
    rows = FiredAlert.objects.filter(
        resolved__isnull=True,
        rule__resolve_after__isnull=False,
        last__lte=now - minutes * _MINUTE_MS,
    )
    keys = list(rows.values_list("pk", flat=True))
    return FiredAlert.objects.filter(pk__in=keys).update(resolved=now)
