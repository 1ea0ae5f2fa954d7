"""The runs that meet a condition without a change of status to wait for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q

from runs.models import (
    AlertCondition,
    AlertRule,
    Metric,
    MetricKind,
    Run,
    RunEvent,
    RunQuerySet,
)
from runs.search.notify.alerts import runs_of_rule
from runs.search.query import runs_matching
from studio.core.filters import parse
from studio.core.filters.tree import Comparison, Text, attribute, with_term
from studio.core.statuses import ACTIVE, RunStatus

_MINUTE_MS = 60_000
_ACTIVE_CODES = [status.code for status in ACTIVE]


@dataclass(frozen=True)
class Look:
    """A look at a rule. The server can receive heartbeats since `listening_since`."""

    rule: AlertRule
    now: int
    listening_since: int = 0

    @property
    def since(self) -> int:
        """When the minutes of the condition began."""
        return self.now - int(self.rule.settings["minutes"]) * _MINUTE_MS

    def runs(self) -> RunQuerySet:
        return runs_of_rule(self.rule, self.now)


def runs_meeting_condition(look: Look) -> RunQuerySet:
    """Return the runs that meet the condition of the rule now.

    Of conditions other than time, runs that ended before the rule was changed are left
    out. Raises InvalidFilter and QueryTimeout.
    """
    return _CONDITIONS[AlertCondition(look.rule.condition)](look)


def _running_long(look: Look) -> RunQuerySet:
    return look.runs().filter(status__in=_ACTIVE_CODES, started__lte=look.since)


def _queued_long(look: Look) -> RunQuerySet:
    queued = RunStatus.QUEUED.code
    # A run can be queued again, which begins a new time in the queue.
    later = RunEvent.objects.filter(run=OuterRef("pk"), new=queued, time__gt=look.since)
    runs = look.runs().filter(status=queued, created__lte=look.since)
    return runs.exclude(Exists(later))


def _without_heartbeat(look: Look) -> RunQuerySet:
    # What the server was not there to receive says nothing about the run.
    if look.listening_since > look.since:
        return Run.objects.none()
    unheard = Q(heard__lte=look.since) | Q(heard=None, created__lte=look.since)
    codes = {*_ACTIVE_CODES, RunStatus.NOT_RESPONDING.code}
    return look.runs().filter(unheard, heartbeats=True, status__in=codes)


def _many_runs(look: Look) -> RunQuerySet:
    """The runs that entered the statuses in the last minutes, if they are enough."""
    settings = look.rule.settings
    wanted = [each.code for each in RunStatus if each.value in settings["statuses"]]
    since = max(look.since, look.rule.changed)
    entered = RunEvent.objects.filter(
        run=OuterRef("pk"), new__in=wanted, time__gt=since
    )
    runs = look.runs().filter(Exists(entered))
    least = int(settings["runs"])
    is_enough = runs.order_by().values("pk")[:least].count() == least
    return runs if is_enough else Run.objects.none()


def _log_matches(look: Look) -> RunQuerySet:
    rule = look.rule
    if rule.author is None:
        return Run.objects.none()
    term = Comparison(attribute("log"), "contains", (Text(rule.settings["text"]),))
    runs = runs_matching(
        with_term(parse(rule.q), term),
        viewer=rule.author,
        workspace=rule.workspace,
        now=look.now,
    )
    # A log is indexed a while after its run ended.
    return _not_old(runs.not_deleted(), rule)


def _crossing_value(look: Look) -> RunQuerySet:
    rule = look.rule
    heads = Metric.objects.filter(
        key__workspace=rule.workspace,
        key__name=rule.settings["metric"],
        kind=MetricKind.SERIES,
    )
    crossed = heads.filter(_crossed(rule)).values("run")
    return look.runs().filter(updated__gte=rule.changed, pk__in=crossed)


def _not_old(runs: RunQuerySet, rule: AlertRule) -> RunQuerySet:
    return runs.filter(Q(updated__gte=rule.changed) | Q(status__in=_ACTIVE_CODES))


def _crossed(rule: AlertRule) -> Q:
    value, crossed = rule.settings.get("value"), Q()
    if value is not None:
        is_above = rule.settings.get("op", ">") == ">"
        crossed = Q(last__gt=value) if is_above else Q(last__lt=value)
        crossed &= Q(last_is_nan=False)
    if rule.settings.get("nan"):
        crossed |= Q(last_is_nan=True)
    return crossed


_CONDITIONS: dict[AlertCondition, Callable[[Look], RunQuerySet]] = {
    AlertCondition.DURATION: _running_long,
    AlertCondition.QUEUE: _queued_long,
    AlertCondition.HEARTBEAT: _without_heartbeat,
    AlertCondition.COUNT: _many_runs,
    AlertCondition.LOG: _log_matches,
    AlertCondition.METRIC: _crossing_value,
}
#: The conditions that the worker looks at.
LOOKED_AT = tuple(_CONDITIONS)
