"""Add, change, pause, drain and remove compute targets."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from runs.access import Permission, access, view_by_method
from runs.actions import compute as compute_actions
from runs.models import DEFAULT_LEASE_SECONDS, ComputeTarget, now_ms
from runs.pages.compute.forms import OnOffForm, TargetForm
from runs.pages.requests import FORM_ERROR_STATUS, PageRequest, safe_return_path
from runs.search.compute import list_agents
from studio.core import compute_kinds
from studio.core.errors import InvalidValue, StudioError


@access(Permission.COMPUTE)
def _show_new_target_form(request: PageRequest) -> HttpResponse:
    return _show_target_form(request, TargetForm(initial=_initial_values(None)), None)


@access(Permission.COMPUTE)
def _create_target(request: PageRequest) -> HttpResponse:
    form = TargetForm(request.POST)
    try:
        sent = form.check()
        target = compute_actions.create_target(
            request.workspace,
            sent["name"],
            **_limits(sent),
            kind=sent["kind"] or "agents",
            settings=_settings(sent, sent["kind"] or "agents"),
            actor=request.actor,
            now=now_ms(),
        )
    except StudioError as error:
        return _show_refused_form(request, form, None, error)
    messages.success(request, _("Target %(name)s added.") % {"name": target.name})
    return redirect_to_compute(request)


new_target = view_by_method(GET=_show_new_target_form, POST=_create_target)


@access(Permission.COMPUTE)
def _show_limits_form(request: PageRequest, name: str) -> HttpResponse:
    target = compute_actions.find_target(request.workspace, name, now=now_ms())
    return _show_target_form(
        request, TargetForm(initial=_initial_values(target)), target
    )


@access(Permission.COMPUTE)
def _change_limits(request: PageRequest, name: str) -> HttpResponse:
    target = compute_actions.find_target(request.workspace, name, now=now_ms())
    form = TargetForm(request.POST)
    try:
        sent = form.check()
        compute_actions.change_target(
            target,
            **_limits(sent),
            settings=_settings(sent, target.kind),
            actor=request.actor,
            now=now_ms(),
        )
    except StudioError as error:
        return _show_refused_form(request, form, target, error)
    messages.success(request, _("Saved."))
    return redirect_to_compute(request)


change_target = view_by_method(GET=_show_limits_form, POST=_change_limits)


@access(Permission.COMPUTE)
@require_POST
def pause_target(request: PageRequest, name: str) -> HttpResponse:
    """Pause the queue; with `on=0`, resume it."""
    target = compute_actions.find_target(request.workspace, name, now=now_ms())
    on = OnOffForm(request.POST).check()["on"]
    compute_actions.change_target(target, paused=on, actor=request.actor, now=now_ms())
    names = {"name": target.name}
    messages.success(
        request,
        _("The queue of %(name)s is paused. Running runs continue.") % names
        if on
        else _("The queue of %(name)s is resumed.") % names,
    )
    return redirect_to_compute(request)


@access(Permission.COMPUTE)
@require_POST
def drain_target(request: PageRequest, name: str) -> HttpResponse:
    """Drain all agents of the target; with `on=0`, let them take runs again."""
    target = compute_actions.find_target(request.workspace, name, now=now_ms())
    on = OnOffForm(request.POST).check()["on"]
    for agent in list_agents([target]):
        compute_actions.drain_agent(agent, on, actor=request.actor, now=now_ms())
    messages.success(
        request,
        _("The agents finish their runs and take no new ones.")
        if on
        else _("The agents take runs again."),
    )
    return redirect_to_compute(request)


@access(Permission.COMPUTE)
@require_POST
def remove_target(request: PageRequest, name: str) -> HttpResponse:
    target = compute_actions.find_target(request.workspace, name, now=now_ms())
    compute_actions.remove_target(target, actor=request.actor, now=now_ms())
    messages.success(request, _("Target %(name)s removed.") % {"name": target.name})
    return redirect_to_compute(request)


def redirect_to_compute(request: PageRequest) -> HttpResponse:
    """Return to the page with the state that it had."""
    path = safe_return_path(request)
    if path:
        return redirect(path)
    return redirect("compute", request.workspace.name)


def _initial_values(target: ComputeTarget | None) -> dict[str, Any]:
    if target is None:
        return {"kind": "agents", "lease_seconds": DEFAULT_LEASE_SECONDS}
    return {
        "kind": target.kind,
        "settings": "\n".join(compute_kinds.print_settings(target.settings)),
        "description": target.description,
        "max_per_member": target.max_per_member or "",
        "lease_seconds": target.lease_seconds,
    }


def _settings(sent: dict[str, Any], kind: str) -> dict[str, Any]:
    lines = [line for line in sent["settings"].splitlines() if line.strip()]
    return compute_kinds.parse_settings(kind, lines)


def _limits(sent: dict[str, Any]) -> dict[str, Any]:
    """Return what the form says; the action checks the numbers."""
    text = sent["max_per_member"]
    if text and not (text.isdecimal() and 0 < len(text) <= 6 and int(text)):
        raise InvalidValue(
            _("The limit per member is a whole number, or empty for no limit."),
            field="max_per_member",
        )
    if sent["lease_seconds"] is None:
        raise InvalidValue(
            _("The time until runs are requeued is a whole number of seconds."),
            field="lease_seconds",
        )
    return {
        "description": sent["description"],
        "max_per_member": int(text) if text else None,
        "lease_seconds": sent["lease_seconds"],
    }


def _show_refused_form(
    request: PageRequest,
    form: TargetForm,
    target: ComputeTarget | None,
    error: StudioError,
) -> HttpResponse:
    form.show_error(error)
    return _show_target_form(request, form, target, status=FORM_ERROR_STATUS)


def _show_target_form(
    request: PageRequest,
    form: TargetForm,
    target: ComputeTarget | None,
    *,
    status: int = 200,
) -> HttpResponse:
    """Show the form in a dialog, or without a script on a page of its own."""
    context = {
        "form": form,
        "target": target,
        "kinds": compute_kinds.COMPUTE_KINDS.values(),
        "title": _("Limits of %(name)s") % {"name": target.name}
        if target
        else _("Add target"),
        "form_template": "compute/_target_form.html",
    }
    template = context["form_template"] if request.htmx else "compute/compute_form.html"
    return render(request, str(template), context, status=status)
