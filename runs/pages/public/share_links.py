"""Public links: owners create, list and revoke them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from runs.access import Permission, access, public_origin, view_by_method
from runs.actions import public as public_actions
from runs.models import Run, ShareLink, View, now_ms
from runs.pages.account import show_members
from runs.pages.requests import (
    FORM_ERROR_STATUS,
    CountField,
    PageForm,
    PageRequest,
    PresenceField,
    TextField,
)
from runs.search.run import find_run
from runs.search.views import find_view
from studio.core.errors import InvalidValue, NotFound


class ShareForm(PageForm):
    """What to share, a view by its slug or a run by its id, and for how many days."""

    view = TextField(strip=False)
    run = TextField(strip=False)
    note = TextField()
    days = CountField(max_digits=4)
    feed = PresenceField()


@access(Permission.SHARE_OUT)
def _show_new_link_form(request: PageRequest) -> HttpResponse:
    """Show the form for a new link; `view` is a slug, or `run` an ID."""
    shown = _find_view_or_run(request, ShareForm(request.GET).check())
    return _show_link_form(request, shown, ShareForm())


@access(Permission.SHARE_OUT)
def _create_link(request: PageRequest) -> HttpResponse:
    """Create the link, and show it on the Members page: no page can show it again."""
    form = ShareForm(request.POST)
    sent = form.check()
    shown = _find_view_or_run(request, sent)
    try:
        link, secret = public_actions.create_share_link(
            request.workspace,
            shown,
            note=sent["note"],
            days=sent["days"] or 0,
            is_feed=sent["feed"],
            actor=request.actor,
            now=now_ms(),
        )
    except InvalidValue as error:
        form.show_error(error)
        return _show_link_form(request, shown, form, status=FORM_ERROR_STATUS)
    origin = public_origin(request)
    address = origin + public_actions.share_path(link, secret)
    return show_members(request, new_share_link=link, share_address=address)


create_share_link = view_by_method(GET=_show_new_link_form, POST=_create_link)


@access(Permission.SHARE_OUT)
@require_POST
def revoke_share_link(request: PageRequest, number: int) -> HttpResponse:
    own_links = ShareLink.objects.filter(workspace=request.workspace)
    link = get_object_or_404(own_links, pk=number)
    public_actions.revoke_share_link(link, actor=request.actor, now=now_ms())
    messages.success(request, _("Link revoked."))
    return redirect("members", request.workspace.name)


def _find_view_or_run(request: PageRequest, sent: dict[str, Any]) -> View | Run:
    user, workspace = request.actor.user, request.workspace
    if sent["view"]:
        # Owners can share only what they see: another member's private view is not
        # found.
        return find_view(sent["view"], user, workspace)
    if sent["run"]:
        return find_run(workspace, user, sent["run"]).run
    raise NotFound(_("Choose a view or a run to share."))


def _show_link_form(
    request: PageRequest, shared: View | Run, form: ShareForm, *, status: int = 200
) -> HttpResponse:
    is_view = isinstance(shared, View)
    context = {
        "shown": shared,
        "is_view": is_view,
        "name": "view" if is_view else "run",
        "value": shared.slug if isinstance(shared, View) else shared.run_id,
        "form": form,
        "days": public_actions.DEFAULT_LINK_DAYS,
        "most": public_actions.MAX_LINK_DAYS,
    }
    return render(request, "public/public_link_form.html", context, status=status)
