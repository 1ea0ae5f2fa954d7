"""Fire alerts: which runs match which rules, and when recipients are notified.

Matches of a rule are counted in its open alert. The throttle holds messages back, not
matches: the next message tells how many there were. So ten thousand matches at once are
one message.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import (
    Callable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from dataclasses import dataclass
from functools import partial

from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import BigIntegerField, F, QuerySet
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from runs.actions.actor import Actor
from runs.actions.notify.alert_actions import plan_actions
from runs.actions.notify.hooks import tell_channels
from runs.actions.notify.outbox import (
    ChangedRun,
    new_delivery,
    plan_mails,
    read_people,
)
from runs.models import (
    RULE_EVENT,
    AlertCondition,
    AlertMatch,
    AlertRecipient,
    AlertRule,
    Delivery,
    FiredAlert,
    FollowReason,
    Member,
    Notification,
    Run,
)
from runs.notify import is_mail_configured
from runs.search.notify import (
    LOOKED_AT,
    Look,
    RunTexts,
    runs_meeting_condition,
    runs_of_rule,
)
from runs.search.sql import time_limit
from studio.core.batches import batches
from studio.core.errors import StudioError

_MINUTE_MS = 60_000
#: Runs of one look at a rule's condition; the next look finds the others.
MAX_MATCHES = 1000


@dataclass(frozen=True)
class RuleMatch:
    """The status changes by which runs match a rule."""

    rule: AlertRule
    changes: Sequence[ChangedRun]


def find_matches(changes: Sequence[ChangedRun], now: int) -> list[RuleMatch]:
    """Find the rules whose statuses these runs entered, with the runs that match.

    A filter can be slow, so this is not for a transaction that writes.
    """
    by_space: dict[int, list[ChangedRun]] = defaultdict(list)
    for change in changes:
        by_space[change.workspace].append(change)
    rules = AlertRule.objects.enabled().filter(
        workspace__in=by_space, condition=AlertCondition.STATUS
    )
    entered = {
        rule: hits
        for rule in with_members(rules)
        if (hits := _entered(rule, by_space[rule.workspace_id]))
    }
    texts = RunTexts({change.run for hits in entered.values() for change in hits})
    texts.read(rule.q for rule in entered)
    return [
        match
        for rules_of_filter in _by_filter(entered)
        for match in _matches_of_filter(rules_of_filter, entered, texts, now)
    ]


def _entered(rule: AlertRule, changes: Sequence[ChangedRun]) -> list[ChangedRun]:
    wanted = set(rule.settings["statuses"])
    return [
        change
        for change in changes
        # What happened before the rule was made or switched on is not its matter.
        if change.status in wanted and change.time >= rule.changed
    ]


def _by_filter(rules: Iterable[AlertRule]) -> Iterable[list[AlertRule]]:
    """Return lists of rules whose filters find the same runs: one query for each."""
    found: dict[tuple[int, int | None, str], list[AlertRule]] = defaultdict(list)
    for rule in rules:
        found[rule.workspace_id, rule.author_id, rule.q].append(rule)
    return found.values()


def _matches_of_filter(
    rules: Sequence[AlertRule],
    entered: Mapping[AlertRule, Sequence[ChangedRun]],
    texts: RunTexts,
    now: int,
) -> Iterator[RuleMatch]:
    wanted = {change.run for rule in rules for change in entered[rule]}
    possible = texts.possible_runs(rules[0].q, sorted(wanted))
    if not possible:
        return
    runs = set(evaluate(rules, partial(runs_matching_rule, rules[0], possible, now)))
    for rule in rules:
        hits = [change for change in entered[rule] if change.run in runs]
        if hits:
            yield RuleMatch(rule, hits)


def fire_matches(
    matches: Sequence[RuleMatch], events: Collection[int], now: int
) -> None:
    """Count the matches by the changes that the caller's transaction works off."""
    for match in matches:
        hits = [change for change in match.changes if change.event in events]
        if hits:
            fire_rule(match.rule, [change.run for change in hits], now)


def fire_for_conditions(now: int, *, listening_since: int = 0) -> int:
    """Look at conditions that no change of status tells; return how many runs matched.

    Before `listening_since` the server could not receive heartbeats.
    """
    rules = AlertRule.objects.enabled().filter(condition__in=LOOKED_AT)
    looks = (Look(rule, now, listening_since) for rule in with_members(rules))
    return sum(
        _fire_once(look.rule, evaluate([look.rule], partial(_meeting, look)), now)
        for look in looks
    )


def with_members(rules: QuerySet[AlertRule]) -> Iterator[AlertRule]:
    """The rules whose authors are members; the others say why they find nothing."""
    found = list(rules.select_related("author", "workspace").order_by("pk"))
    members = set(
        Member.objects.filter(
            user__in={rule.author_id for rule in found if rule.author_id},
            user__is_active=True,
        ).values_list("user_id", "workspace_id")
    )
    for rule in found:
        if (rule.author_id, rule.workspace_id) in members:
            yield rule
        else:
            text = _(
                "Its author is no longer a member. Who saves it becomes its author."
            )
            keep_error(rule, text)


def evaluate(rules: Iterable[AlertRule], read: Callable[[], list[int]]) -> list[int]:
    """The keys of the runs that are found; none, with the reason, if that fails.

    One rule's filter must not keep the others from firing.
    """
    text, runs = "", []
    try:
        with time_limit():
            runs = read()
    except StudioError as error:
        # The language can change, and names of a rule's filter can be used up.
        text = error.message
    except DatabaseError:
        text = _("The database could not apply this filter.")
    for rule in rules:
        keep_error(rule, text)
    return runs


def keep_error(rule: AlertRule, text: str) -> None:
    if rule.error != text:
        AlertRule.objects.filter(pk=rule.pk).update(error=text)


def runs_matching_rule(rule: AlertRule, runs: Sequence[int], now: int) -> list[int]:
    found: list[int] = []
    for some in batches(runs):
        rows = runs_of_rule(rule, now).filter(pk__in=some).order_by()
        found += rows.values_list("pk", flat=True)
    return found


def _meeting(look: Look) -> list[int]:
    known = AlertMatch.objects.filter(rule=look.rule).values("run")
    rows = runs_meeting_condition(look).exclude(pk__in=known)
    return list(rows.order_by("pk").values_list("pk", flat=True)[:MAX_MATCHES])


def _fire_once(rule: AlertRule, runs: Sequence[int], now: int) -> int:
    """Fire for runs that did not match before; return how many they are."""
    if not runs:
        return 0
    try:
        with transaction.atomic():
            AlertMatch.objects.bulk_create(
                AlertMatch(rule=rule, run_id=run, time=now) for run in runs
            )
            fire_rule(rule, runs, now)
    except IntegrityError:
        # A run was purged since then, or another worker was first: the next look
        # finds the others.
        return 0
    return len(runs)


def fire_rule(rule: AlertRule, runs: Sequence[int], now: int) -> None:
    """Count matches in the rule's open alert, which begins with the first one."""
    count, run = len(runs), runs[-1]
    name = Run.objects.filter(pk=run).values_list("name", flat=True).first()
    latest = {"last": now, "run": run, "run_name": name or ""}
    open_alerts = FiredAlert.objects.filter(rule=rule, resolved__isnull=True)
    if not open_alerts.update(
        matches=F("matches") + count, unsent=F("unsent") + count, **latest
    ):
        FiredAlert.objects.create(
            rule=rule,
            run_id=run,
            run_name=name or "",
            started=now,
            last=now,
            matches=count,
            unsent=count,
        )
    if rule.has_action:
        plan_actions(open_alerts.latest("pk"), runs)


def notify_of_alerts(now: int) -> int:
    """Notify of alerts that the throttle lets pass; return how many."""
    rows = FiredAlert.objects.filter(
        unsent__gt=0, rule__deleted__isnull=True, rule__is_enabled=True
    )
    sent = 0
    for alert in rows.select_related("rule", "run").order_by("pk"):
        last = alert.rule.last_sent
        if last is None or last + alert.rule.throttle * _MINUTE_MS <= now:
            sent += _notify(alert, now)
    return sent


@transaction.atomic
def _notify(alert: FiredAlert, now: int) -> bool:
    """Whether this is the message; another alert or worker can have sent one now."""
    rule, count = alert.rule, alert.unsent
    rows = AlertRule.objects.filter(pk=rule.pk, last_sent=rule.last_sent)
    if not rows.update(last_sent=now):
        return False
    FiredAlert.objects.filter(pk=alert.pk).update(unsent=F("unsent") - count)
    _notify_of_alert(rule, alert.run, _recipients(alert), count, now)
    tell_channels(rule, alert.run, count, now)
    return True


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
    mailed = [
        notification
        for notification, each in zip(created, reached, strict=True)
        if people[each.user_id, space].gets_mail(RULE_EVENT)
        and not (each.muted_until is not None and each.muted_until > now)
    ]
    if count:
        plan_mails(mailed, people, now)
    elif is_mail_configured():
        # Who tests a rule waits for the mail.
        Delivery.objects.bulk_create(new_delivery(each, now) for each in mailed)


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
    # Again with the condition: a match can have come since then.
    return rows.filter(pk__in=keys).update(resolved=now)
