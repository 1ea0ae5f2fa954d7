"""*Rules* on *Alerts*: the rules of a workspace, found by name and state."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy
from django.views.decorators.http import require_safe

from runs.access import Permission, access
from runs.models import AlertRule, FiredAlert, User, now_ms
from runs.pages.notify.alert_tabs import alert_frame
from runs.pages.notify.alerts import action_text, condition_text, severity_label
from runs.pages.requests import PageRequest
from runs.render.formats import ago
from runs.render.notify import draw_day_bars
from runs.search.notify import fired_by_day, last_alerts, list_rules


@dataclass(frozen=True)
class RuleRow:
    rule: AlertRule
    condition: str
    action: str
    severity: str
    last: FiredAlert | None
    #: How long it has been firing; empty if it does not.
    firing: str
    days: SafeString


@dataclass(frozen=True)
class Segment:
    """A choice of rules, with its address and how many it has."""

    label: str | Promise
    href: str
    count: int
    is_here: bool


Test = Callable[[RuleRow, User], bool]
SEGMENTS: dict[str, tuple[str | Promise, Test]] = {
    "": (pgettext_lazy("alert rules", "All"), lambda _row, _user: True),
    "firing": (
        pgettext_lazy("alert rules", "Firing"),
        lambda row, _user: bool(row.firing),
    ),
    "mine": (
        pgettext_lazy("alert rules", "Mine"),
        lambda row, user: row.rule.author_id == user.pk,
    ),
    "disabled": (
        gettext_lazy("Disabled"),
        lambda row, _user: not row.rule.is_enabled,
    ),
}


@access(Permission.READ)
@require_safe
def alert_rules_page(request: PageRequest) -> HttpResponse:
    find = request.GET.get("find", "").strip()
    show = request.GET.get("show", "")
    show = show if show in SEGMENTS else ""
    every = list_rules(request.workspace)
    rows = [row for row in _rule_rows(every) if _has_words(row.rule, find)]
    test = SEGMENTS[show][1]
    context = {
        **alert_frame(request, ""),
        "has_rules": bool(every),
        "rows": [row for row in rows if test(row, request.actor.user)],
        "segments": _segments(request, rows, show, find),
        "find": find,
        "show": show,
    }
    return render(request, "notify/alert_rules.html", context)


def _rule_rows(rules: list[AlertRule]) -> list[RuleRow]:
    now = now_ms()
    last, days = last_alerts(rules), fired_by_day(rules, now)
    return [_rule_row(rule, last.get(rule.pk), days[rule.pk], now) for rule in rules]


def _has_words(rule: AlertRule, find: str) -> bool:
    text = f"{rule.name} {rule.q}".lower()
    return all(word in text for word in find.lower().split())


def _segments(
    request: PageRequest, rows: Sequence[RuleRow], show: str, find: str
) -> list[Segment]:
    found = []
    for name, (label, test) in SEGMENTS.items():
        query = request.GET.copy()
        query.clear()
        query.update({k: v for k, v in (("find", find), ("show", name)) if v})
        count = sum(test(row, request.actor.user) for row in rows)
        found.append(Segment(label, f"?{query.urlencode()}", count, name == show))
    return found


def _rule_row(
    rule: AlertRule, last: FiredAlert | None, days: Sequence[int], now: int
) -> RuleRow:
    is_firing = last is not None and last.resolved is None
    count = sum(days)
    label = ngettext(
        "Fired %(n)s time in the last 7 days",
        "Fired %(n)s times in the last 7 days",
        count,
    )
    return RuleRow(
        rule,
        condition_text(rule),
        action_text(rule),
        severity_label(rule.severity),
        last,
        ago(now - last.started) if last is not None and is_firing else "",
        draw_day_bars(days, label % {"n": count}),
    )
