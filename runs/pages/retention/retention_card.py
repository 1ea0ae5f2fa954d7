"""The card *Retention rules* of the page *Storage*, with the form and its dry run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, ngettext_lazy

from runs.access import Permission
from runs.actions.retention import RetentionPlan, check_filter, plan_retention
from runs.models import RetentionKind, RetentionRule, Run, now_ms
from runs.pages.requests import CountField, PageForm, PageRequest, TextField
from runs.pages.run_shell import role_refusal
from runs.render.formats import filesize, grouped, run_path
from runs.search.retention import Stay, list_retention_rules
from runs.search.sql import time_limit
from studio.core.errors import StudioError

DAY_MS = 86_400_000
#: The runs that the card shows of a dry run.
SHOWN_RUNS = 3
DEFAULT_FILTER = "ended:<-90d -starred -tag:keep"
#: What a rule deletes, as it continues "Delete …".
WHAT_LABELS = {
    RetentionKind.RUNS: gettext_lazy("runs"),
    RetentionKind.CHECKPOINTS: gettext_lazy("checkpoints"),
    RetentionKind.LOGS: gettext_lazy("logs"),
    RetentionKind.MEDIA: gettext_lazy("images and media"),
}
_STAY_TEXTS = {
    Stay.STARRED: ngettext_lazy("%(n)s starred", "%(n)s starred", "count"),
    Stay.LOCKED: ngettext_lazy("%(n)s locked", "%(n)s locked", "count"),
    Stay.REGISTERED: ngettext_lazy(
        "%(n)s used by a model", "%(n)s used by models", "count"
    ),
    Stay.CONCLUSION: ngettext_lazy(
        "%(n)s named in a conclusion", "%(n)s named in conclusions", "count"
    ),
    Stay.ACTIVE: ngettext_lazy("%(n)s not ended", "%(n)s not ended", "count"),
    Stay.KEPT_CHILD: ngettext_lazy(
        "%(n)s with child runs that stay", "%(n)s with child runs that stay", "count"
    ),
}


class RuleForm(PageForm):
    """`what` of the runs that `rule` matches; `edit` is the number of a saved rule."""

    what = TextField()
    rule = TextField()
    edit = CountField(max_digits=18)


@dataclass(frozen=True)
class RuleText:
    """What a form says; `number` is that of the rule that it changes, or None."""

    what: RetentionKind
    q: str
    number: int | None


@dataclass(frozen=True)
class PlannedRun:
    """A run of a dry run with its age and size."""

    run: Run
    href: str
    age: str
    files: int
    size: int


@dataclass(frozen=True)
class RuleLine:
    """A saved rule; `last` says what it did, or when it begins."""

    rule: RetentionRule
    what: str
    last: str


def read_rule(sent: QueryDict) -> RuleText:
    """Return what a form says; raise InvalidForm."""
    found = RuleForm(sent).check()
    what = found["what"]
    known = what in RetentionKind.values
    kind = RetentionKind(what) if known else RetentionKind.CHECKPOINTS
    return RuleText(kind, found["rule"].strip(), found["edit"] or None)


def retention_context(
    request: PageRequest, problem: str = "", sent: RuleText | None = None
) -> dict[str, Any]:
    """Return what the card shows; `problem` is that of the form as it was `sent`."""
    refusal = role_refusal(request, Permission.RETENTION)
    lines = [_rule_line(rule) for rule in list_retention_rules(request.workspace)]
    context: dict[str, Any] = {
        "retention_refusal": refusal,
        "retention_rules": lines,
        "what_labels": WHAT_LABELS.items(),
    }
    if refusal:
        return context
    text = sent or read_rule(request.GET)
    edited = next((x.rule for x in lines if x.rule.pk == text.number), None)
    wants_plan = "rule" in request.GET and sent is None
    if edited is not None and not wants_plan and sent is None:
        text = RuleText(RetentionKind(edited.kind), edited.q, edited.pk)
    if sent is None and not text.q and not wants_plan:
        text = RuleText(text.what, DEFAULT_FILTER, None)
    if wants_plan:
        try:
            context |= plan_context(request, text, SHOWN_RUNS)
        except StudioError as error:
            problem = error.message
    return context | {
        "rule_text": text,
        "edited_rule": edited,
        "rule_problem": problem,
    }


def plan_context(
    request: PageRequest, text: RuleText, limit: int, start: int = 0
) -> dict[str, Any]:
    """Return a dry run with some of its runs.

    Raises InvalidFilter, InvalidValue, QueryTimeout.
    """
    with time_limit():
        plan = plan_retention(
            check_filter(request.workspace, text.q, request.actor),
            text.what,
            author=request.actor.user,
            workspace=request.workspace,
            now=now_ms(),
        )
    query = urlencode({"what": text.what.value, "rule": text.q})
    return {
        "plan": plan,
        "plan_title": _plan_title(plan, text.what),
        "plan_stays": stay_texts(plan.stays),
        "planned_runs": _planned_runs(plan, limit, start, request.workspace.name),
        "plan_query": query,
    }


def stay_texts(stays: Mapping[Stay, int]) -> list[str]:
    """Return one text per reason, such as `61 starred`."""
    return [
        str(text % {"count": stays[stay], "n": grouped(stays[stay])})
        for stay, text in _STAY_TEXTS.items()
        if stays.get(stay)
    ]


def _plan_title(plan: RetentionPlan, what: RetentionKind) -> str:
    runs = ngettext("%(n)s run", "%(n)s runs", len(plan.runs)) % {
        "n": grouped(len(plan.runs))
    }
    size = filesize(plan.bytes)
    if what == RetentionKind.RUNS:
        return _("%(runs)s, %(size)s") % {"runs": runs, "size": size}
    files = ngettext("%(n)s file", "%(n)s files", plan.files) % {
        "n": grouped(plan.files)
    }
    return _("%(files)s, %(size)s in %(runs)s") % {
        "files": files,
        "size": size,
        "runs": runs,
    }


def _planned_runs(
    plan: RetentionPlan, limit: int, start: int, workspace: str
) -> list[PlannedRun]:
    keys = plan.runs[start : start + limit]
    now, found = now_ms(), Run.objects.in_bulk(keys)
    rows = []
    for key in keys:
        # A run that was purged just now is left out.
        if (run := found.get(key)) is not None:
            files, size = plan.sizes.get(key, (0, 0))
            age = _("%(n)s d") % {"n": (now - (run.ended or run.created)) // DAY_MS}
            rows.append(
                PlannedRun(run, run_path(workspace, run.run_id), age, files, size)
            )
    return rows


def _rule_line(rule: RetentionRule) -> RuleLine:
    what = str(WHAT_LABELS[RetentionKind(rule.kind)])
    if rule.removed_at is None:
        last = _("nothing deleted yet")
    else:
        last = _("%(size)s to the trash") % {"size": filesize(rule.freed)}
    return RuleLine(rule, what[:1].upper() + what[1:], last)
