"""REST: the caller's own API tokens."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from runs.access import SIGNED_IN, StudioRequest, signed_in_user
from runs.actions import account as account_actions
from runs.api.v1.endpoints import endpoint
from runs.api.v1.schemas import NewToken, NewTokenReply, TokenInfo, TokenList
from runs.models import ApiToken, Member, Role, TokenKind, now_ms
from studio.core.errors import InvalidValue, NotFound


@endpoint("GET", SIGNED_IN, reply=TokenList)
def list_tokens(request: StudioRequest) -> TokenList:
    """List your tokens that are not revoked, the newest first."""
    rows = signed_in_user(request).tokens.filter(revoked=None, kind=TokenKind.ORDINARY)
    found = rows.select_related("workspace").order_by("-pk")
    return TokenList([_token_info(token, request) for token in found])


@endpoint("POST", SIGNED_IN, body=NewToken, reply=NewTokenReply, status=201)
def create_token(request: StudioRequest, body: NewToken) -> NewTokenReply:
    """Create a token. The reply is the only one that has its secret.

    A token can't create one with more permissions than its own, or one that expires
    later.
    """
    user = signed_in_user(request)
    rows = Member.objects.filter(user=user, workspace__name=body.workspace)
    member = rows.select_related("workspace").first()
    if member is None:
        raise NotFound(
            _("This workspace doesn't exist, or you are not a member of it."),
            missing="workspace",
        )
    token, secret = account_actions.create_token(
        user,
        member.workspace,
        body.name,
        role_cap=_role_of(body, request),
        days=body.days,
        actor=request.actor,
        now=now_ms(),
    )
    return NewTokenReply(secret, _token_info(token, request))


@endpoint("DELETE", SIGNED_IN, reply=TokenInfo)
def revoke_token(request: StudioRequest, number: int) -> TokenInfo:
    """Revoke a token of yours. A token can't revoke one with more permissions."""
    rows = signed_in_user(request).tokens.filter(revoked=None, kind=TokenKind.ORDINARY)
    # A longer number can exceed 64 bits, which both databases refuse.
    found = rows.filter(pk=number) if number < 2**63 else rows.none()
    token = found.select_related("workspace").first()
    if token is None:
        raise NotFound(_("You have no token %(number)s.") % {"number": number})
    account_actions.revoke_token(token, actor=request.actor, now=now_ms())
    return _token_info(token, request)


def _role_of(body: NewToken, request: StudioRequest) -> Role:
    if body.role is None:
        cap = request.token.role_cap if request.token else Role.CONTRIBUTOR
        return Role(min(cap, Role.CONTRIBUTOR))
    try:
        return Role[body.role.upper()]
    except KeyError as error:
        raise InvalidValue(
            _("role must be reader, contributor or owner."), field="role"
        ) from error


def _token_info(token: ApiToken, request: StudioRequest) -> TokenInfo:
    return TokenInfo(
        id=token.pk,
        name=token.name,
        prefix=token.prefix,
        workspace=token.workspace.name,
        role=Role(token.role_cap).name.lower(),
        current=request.token is not None and request.token.pk == token.pk,
        created=_to_ms(token.created),
        last_used=_to_ms(token.last_used),
        expires=_to_ms(token.expires),
    )


def _to_ms(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp() * 1000)
