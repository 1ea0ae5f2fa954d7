"""Signed addresses: who has one can use it without a token, until it expires.

An MLflow client sends the parts of a large file to addresses without its token. Each
names who created it. It works only while that user, and that token, still have the
permission.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core import signing
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from runs.access.permissions import (
    Caller,
    Permission,
    StudioRequest,
    change_way,
    check_role,
    effective_role,
    find_member_by_id,
)
from runs.actions.actor import Actor
from runs.models import ApiToken
from studio.core.errors import NotFound, PermissionDenied

#: Checks the address of a request, from the values in its path; raises if it is wrong.
AddressCheck = Callable[[Any, dict[str, Any]], None]


def sign_address(request: StudioRequest, purpose: str, values: list[str | int]) -> str:
    """Return a text for a path: the values, signed, with who is allowed what."""
    assert request.workspace is not None
    assert request.actor.user is not None
    token = request.token.pk if request.token else 0
    caller = [request.workspace.pk, request.actor.user.pk, token]
    return signing.dumps([*caller, *values], salt=_salt(purpose), compress=True)


def check_signed_address(purpose: str, need: Permission, seconds: int) -> AddressCheck:
    """Return a check of the path's `signed`, for `access(…, check_address=…)`.

    It sets the workspace, the caller and `signed_values` of the request. Raises
    NotFound for a wrong or expired address, and PermissionDenied.
    """

    def check(request: Any, path: dict[str, Any]) -> None:
        try:
            workspace, user, token, *values = signing.loads(
                path["signed"], salt=_salt(purpose), max_age=seconds
            )
        except (signing.BadSignature, ValueError) as error:
            raise _wrong_address() from error
        member = find_member_by_id(user, workspace)
        if member is None or not member.user.is_active:
            raise _wrong_address()
        caller = Caller(member.user, _find_token(token) if token else None)
        request.workspace, request.member = member.workspace, member
        request.role = effective_role(member, caller)
        check_role(need, request.role, member)
        request.user, request.token = member.user, caller.token
        request.actor = Actor(caller.user, caller.token, change_way(request, caller))
        request.signed_values = values

    return check


def _find_token(key: int) -> ApiToken:
    token = ApiToken.objects.filter(pk=key, revoked__isnull=True).first()
    is_expired = token and token.expires is not None and token.expires <= timezone.now()
    if token is None or is_expired:
        raise PermissionDenied(_("The token that created this address is revoked."))
    return token


def _wrong_address() -> NotFound:
    return NotFound(_("This address is wrong, or it has expired."))


def _salt(purpose: str) -> str:
    return f"studio.address.{purpose}"


def signed_values(request: HttpRequest) -> list[Any]:
    """Return what the address of a checked request was signed with."""
    values: list[Any] = request.signed_values  # type: ignore[attr-defined]
    return values
