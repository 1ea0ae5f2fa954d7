"""The page *Storage*: the quota bar, usage by experiment, run, kind and member."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from runs.access import Permission, access
from runs.actions.usage import WARNING_SHARE, request_count, set_quota
from runs.models import now_ms
from runs.pages.requests import (
    FORM_ERROR_STATUS,
    PageForm,
    PageRequest,
    csv_response,
    requested_export,
    with_vary_headers,
)
from runs.pages.retention import retention_context
from runs.pages.run_shell import role_refusal
from runs.pages.trash import trash_context
from runs.pages.usage.usage_rows import (
    KIND_LABELS,
    kind_texts,
    usage_lines,
    usage_tabs,
)
from runs.render.formats import filesize, utc_text
from runs.render.run_list import escape_formula
from runs.render.usage import draw_areas, draw_kind_bar, highest_shown
from runs.search.usage import StorageUsage, read_usage
from studio.core.errors import StudioError

_GB = 10**9


class QuotaForm(PageForm):
    """The quota in GB; empty for none."""

    gigabytes = forms.DecimalField(
        required=False, min_value=Decimal("0.001"), max_value=Decimal(10**9)
    )


@access(Permission.READ)
@require_safe
def storage_page(request: PageRequest) -> HttpResponseBase:
    return show_storage(request)


def show_storage(
    request: PageRequest, status: int = 200, **more: Any
) -> HttpResponseBase:
    usage = read_usage(request.workspace)
    tabs = usage_tabs(request)
    by = next(tab.key for tab in tabs if tab.is_open)
    lines = usage_lines(request, by, usage)
    if requested_export(request):
        head = ("name", "bytes", "percent_of_30_days")
        rows = [(escape_formula(line.name), line.size, line.percent) for line in lines]
        return csv_response([head, *rows], f"storage-by-{by}.csv")
    context = {
        **_quota_context(usage),
        "usage": usage,
        "tabs": tabs,
        "by": by,
        "lines": lines,
        "quota_refusal": role_refusal(request, Permission.QUOTA),
        "refresh_refusal": role_refusal(request, Permission.TRASH),
        **trash_context(request),
        **retention_context(request),
        **more,
    }
    page = render(request, "usage/storage.html", context, status=status)
    return with_vary_headers(page)


def _quota_context(usage: StorageUsage) -> dict[str, Any]:
    sizes = {kind.value: size for kind, size in usage.sizes.items()}
    whole = max(usage.quota or 0, usage.used)
    mark = WARNING_SHARE * usage.quota / whole if usage.quota and whole else None
    label = kind_texts(usage.sizes)
    return {
        "quota_bar": draw_kind_bar(sizes, whole, label, mark=mark),
        "kinds": [
            (kind.value, KIND_LABELS[kind], n) for kind, n in usage.sizes.items()
        ],
        "percent": int(usage.share * 100),
        "is_almost_full": usage.quota is not None and usage.share >= WARNING_SHARE,
        "quota_gigabytes": _gigabytes(usage.quota),
        **_area_context(usage),
    }


def _area_context(usage: StorageUsage) -> dict[str, Any]:
    points = [
        (time, {kind.value: size for kind, size in found.items()})
        for time, found in usage.by_day
    ]
    if len(points) < 2 or not any(found for _time, found in points):
        return {}
    kinds = [kind.value for kind in KIND_LABELS]
    label = _("From %(before)s to %(now)s") % {
        "before": filesize(sum(points[0][1].values())),
        "now": filesize(usage.used),
    }
    highest = highest_shown(points, usage.quota)
    return {
        "area_chart": draw_areas(points, kinds, label, quota=usage.quota),
        "area_top": highest,
        "area_has_quota": usage.quota is not None and usage.quota <= highest,
        "area_days": [
            utc_text(time, to_the_day=True) for time, _found in (points[0], points[-1])
        ],
    }


def _gigabytes(quota: int | None) -> str:
    return "" if quota is None else f"{Decimal(quota) / _GB:f}"


@access(Permission.TRASH)
@require_POST
def refresh(request: PageRequest) -> HttpResponse:
    """Ask for a new count, which the worker does within seconds."""
    request_count(request.workspace, now_ms())
    return _back(request)


@access(Permission.QUOTA)
@require_POST
def change_quota(request: PageRequest) -> HttpResponseBase:
    form = QuotaForm(request.POST)
    try:
        sent = form.check()["gigabytes"]
        quota = None if sent is None else int(sent * _GB)
        set_quota(request.workspace, quota, actor=request.actor, now=now_ms())
    except StudioError as error:
        return show_storage(
            request,
            FORM_ERROR_STATUS,
            quota_problem=error.message,
            quota_gigabytes=request.POST.get("gigabytes", "")[:40],
        )
    text = _("The quota is now %s.") % filesize(quota) if quota else _("Quota removed.")
    messages.success(request, text)
    return _back(request)


def _back(request: PageRequest) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("storage", args=[request.workspace.name]))
