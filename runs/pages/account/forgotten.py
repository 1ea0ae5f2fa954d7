"""Ways back for members who lost the password: a mail, or a link from an owner."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from runs.access import (
    PUBLIC,
    Permission,
    StudioRequest,
    access,
    public_origin,
    workspace_of,
)
from runs.actions.account import (
    SIGN_IN_MINUTES,
    create_link_for_member,
    request_sign_in_mail,
)
from runs.http import client_address
from runs.models import Member, now_ms
from runs.notify import is_mail_configured
from runs.pages.account.forms import SignInMailForm
from runs.pages.account.known_browsers import known_browser
from runs.pages.account.members import show_members
from runs.pages.account.sign_in import tell_when_to_retry
from studio.core.errors import InvalidState, InvalidValue, TooManyRequests

_PAGE = "account/sign_in_mail.html"


@access(PUBLIC)
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_mail_page(request: StudioRequest) -> HttpResponse:
    """Request a mail with a link; the response is the same for unknown names."""
    form = SignInMailForm(request.POST or None)
    context = {"form": form, "has_mail": is_mail_configured()}
    if request.method != "POST":
        return render(request, _PAGE, context)
    if not is_mail_configured():
        raise InvalidState(_("This server has no mail server. An operator can set it."))
    try:
        name = form.check()["name"]
        if not name:
            raise InvalidValue(_("Enter a user name or email address."), field="name")
        request_sign_in_mail(
            name,
            address=client_address(request),
            browser=known_browser(request),
            now=now_ms(),
        )
    except (InvalidValue, TooManyRequests) as error:
        form.show_error(error)
        response = render(request, _PAGE, context, status=error.status)
        return tell_when_to_retry(response, error)
    return render(
        request, _PAGE, context | {"is_sent": True, "minutes": SIGN_IN_MINUTES}
    )


@access(Permission.MEMBERS)
@require_POST
def create_member_link(request: StudioRequest, number: int) -> HttpResponse:
    """Create a sign-in link for a member, and show it: no other page can show it."""
    rows = Member.objects.filter(workspace=workspace_of(request))
    member = get_object_or_404(rows.select_related("user", "workspace"), pk=number)
    _link, secret = create_link_for_member(member, actor=request.actor, now=now_ms())
    query = urlencode({"next": reverse("account") + "#account_password"})
    path = f"{reverse('sign-in-link', args=[secret])}?{query}"
    return show_members(
        request,
        linked_member=member,
        link=public_origin(request) + path,
        minutes=SIGN_IN_MINUTES,
    )
