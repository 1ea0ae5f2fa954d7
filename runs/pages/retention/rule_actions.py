"""Save, switch, delete and restore retention rules."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from runs.access import Permission, access
from runs.actions.retention import (
    change_retention_rule,
    create_retention_rule,
    delete_retention_rule,
    enable_retention_rule,
    restore_retention_rule,
)
from runs.models import now_ms
from runs.pages.requests import FlagField, PageForm, PageRequest
from runs.pages.retention.retention_card import read_rule
from runs.search.retention import find_retention_rule
from studio.core.errors import StudioError


class SwitchForm(PageForm):
    """Whether the rule is applied."""

    on = FlagField()


@access(Permission.RETENTION)
@require_POST
def save_rule(request: PageRequest) -> HttpResponse:
    """Create a rule, or change the one that the form names."""
    text = read_rule(request.POST)
    try:
        if text.number is None:
            create_retention_rule(
                request.workspace, text.q, text.what, actor=request.actor, now=now_ms()
            )
        else:
            rule = find_retention_rule(request.workspace, text.number)
            change_retention_rule(
                rule, text.q, text.what, actor=request.actor, now=now_ms()
            )
    except StudioError as error:
        messages.error(request, error.message)
        query = {"what": text.what.value, "rule": text.q, "edit": text.number or ""}
        return _back(request, query)
    messages.success(request, _("Rule saved. It is applied daily at 03:00 UTC."))
    return _back(request)


@access(Permission.RETENTION)
@require_POST
def enable_rule(request: PageRequest, number: int) -> HttpResponse:
    on = SwitchForm(request.POST).check()["on"]
    rule = find_retention_rule(request.workspace, number)
    enable_retention_rule(rule, on, actor=request.actor, now=now_ms())
    text = _("Retention rule is on.") if on else _("Retention rule is off.")
    messages.success(request, text)
    return _back(request)


@access(Permission.RETENTION)
@require_POST
def delete_rule(request: PageRequest, number: int) -> HttpResponse:
    rule = find_retention_rule(request.workspace, number)
    delete_retention_rule(rule, actor=request.actor, now=now_ms())
    undo = reverse("retention-restore", args=[request.workspace.name, rule.pk])
    messages.success(request, _("Retention rule deleted"), extra_tags=undo)
    return _back(request)


@access(Permission.RETENTION)
@require_POST
def restore_rule(request: PageRequest, number: int) -> HttpResponse:
    rule = find_retention_rule(request.workspace, number, is_deleted=True)
    restore_retention_rule(rule, actor=request.actor, now=now_ms())
    return _back(request)


def _back(
    request: PageRequest, query: Mapping[str, object] | None = None
) -> HttpResponseRedirect:
    page = reverse("storage", args=[request.workspace.name], query=query)
    return HttpResponseRedirect(f"{page}#retention")
