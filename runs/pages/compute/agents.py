"""Add, drain and remove agents. A new agent's token is shown once."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from runs.access import Permission, access, public_origin, view_by_method
from runs.actions import compute as compute_actions
from runs.models import LOCAL_TARGET, Agent, ComputeTarget, now_ms
from runs.pages.compute.compute import show_compute
from runs.pages.compute.forms import AgentForm, OnOffForm
from runs.pages.compute.targets import redirect_to_compute
from runs.pages.requests import FORM_ERROR_STATUS, PageRequest
from studio.core.errors import StudioError

#: Days until an agent's token expires; 0 means never.
TOKEN_LIFETIMES = (30, 90, 365)


@access(Permission.COMPUTE)
def _show_new_agent_form(request: PageRequest) -> HttpResponse:
    return _show_agent_form(request, AgentForm(initial=request.GET.dict()))


@access(Permission.COMPUTE)
def _create_agent_token(request: PageRequest) -> HttpResponse:
    """Create the token and show the command: no other page can show it again."""
    form = AgentForm(request.POST)
    try:
        sent = form.check()
        target = compute_actions.find_target(
            request.workspace, sent["target"], now=now_ms()
        )
        token, secret = compute_actions.create_agent_token(
            target,
            name=_("Agent of %(target)s") % {"target": target.name},
            days=sent["days"] or None,
            actor=request.actor,
            now=now_ms(),
        )
    except StudioError as error:
        form.show_error(error)
        return _show_agent_form(request, form, status=FORM_ERROR_STATUS)
    command = compute_actions.agent_command(target, public_origin(request), secret)
    return show_compute(request, new_token=token, command=command)


new_agent = view_by_method(GET=_show_new_agent_form, POST=_create_agent_token)


@access(Permission.COMPUTE)
@require_POST
def drain_agent(request: PageRequest, number: int) -> HttpResponse:
    """Let the agent finish its runs and take no more; with `on=0`, take runs again."""
    agent = _find_agent(request, number)
    on = OnOffForm(request.POST).check()["on"]
    compute_actions.drain_agent(agent, on, actor=request.actor, now=now_ms())
    names = {"name": agent.name}
    messages.success(
        request,
        _("%(name)s finishes its runs and takes no new ones.") % names
        if on
        else _("%(name)s takes runs again.") % names,
    )
    return redirect_to_compute(request)


@access(Permission.COMPUTE)
@require_POST
def remove_agent(request: PageRequest, number: int) -> HttpResponse:
    agent = _find_agent(request, number)
    compute_actions.remove_agent(agent, actor=request.actor, now=now_ms())
    messages.success(
        request,
        _("Agent %(name)s removed. Its token is revoked.") % {"name": agent.name},
    )
    return redirect_to_compute(request)


def _find_agent(request: PageRequest, number: int) -> Agent:
    rows = Agent.objects.filter(workspace=request.workspace, removed__isnull=True)
    return get_object_or_404(rows.select_related("target", "token"), pk=number)


def _show_agent_form(
    request: PageRequest, form: AgentForm, *, status: int = 200
) -> HttpResponse:
    targets = ComputeTarget.objects.filter(
        workspace=request.workspace, removed__isnull=True
    ).exclude(name=LOCAL_TARGET)
    names = targets.order_by("name").values_list("name", flat=True)
    context = {
        "form": form,
        # The target `local` is created when it is first needed.
        "targets": [*names, LOCAL_TARGET],
        "chosen": form["target"].value(),
        "lifetimes": TOKEN_LIFETIMES,
        "title": _("Add agent"),
        "form_template": "compute/_agent_form.html",
    }
    template = context["form_template"] if request.htmx else "compute/compute_form.html"
    return render(request, str(template), context, status=status)
