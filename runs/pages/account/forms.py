"""The forms of signing in, the account, invitations and members."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from runs.actions.account import check_language, parse_theme
from runs.models import Role
from runs.pages.requests import PageForm, PresenceField, TextField
from studio.core.errors import InvalidValue
from studio.core.names import MAX_TOKEN_NAME, check_text

#: Days until a token expires; without a choice it does not.
TOKEN_LIFETIMES = (30, 90, 365)


def _find_role(label: str) -> Role | None:
    return next((role for role in Role if role.label == label), None)


def _read_role_cap(label: str) -> Role:
    role = _find_role(label)
    if role is None:
        raise InvalidValue(_("No such role."), field="role")
    return role


def _read_role(label: str) -> Role:
    role = _find_role(label)
    if role is None:
        allowed = ", ".join(_(role.label) for role in Role)
        message = _("The role is one of %(allowed)s.") % {"allowed": allowed}
        raise InvalidValue(message, field="role")
    return role


def _read_lifetime(days: str) -> int | None:
    if not days:
        return None
    if days not in {str(lifetime) for lifetime in TOKEN_LIFETIMES}:
        raise InvalidValue(_("This is longer than a token can be valid."), field="days")
    return int(days)


class SignInForm(PageForm):
    name = TextField(strip=False)
    # Blanks can be part of a password.
    password = TextField(strip=False)
    next = TextField(strip=False)
    keep = PresenceField()


class SignInMailForm(PageForm):
    name = TextField()


class PastedSignInLinkForm(PageForm):
    link = TextField()


class RegistrationForm(PageForm):
    username = TextField()
    password = TextField(strip=False)
    again = TextField(strip=False)
    display_name = TextField(strip=False)

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data["password"] != self.cleaned_data["again"]:
            raise ValidationError({"again": _("The passwords don’t match.")})
        return self.cleaned_data


class PasswordForm(PageForm):
    old = TextField(strip=False)
    new = TextField(strip=False)
    again = TextField(strip=False)

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data["new"] != self.cleaned_data["again"]:
            raise ValidationError({"again": _("The new passwords don’t match.")})
        return self.cleaned_data


class ProfileForm(PageForm):
    display_name = TextField(strip=False)
    email = TextField()
    time_zone = TextField(strip=False)


class ThemeForm(PageForm):
    theme = TextField(parse_theme, strip=False)
    next = TextField(strip=False)


class LanguageForm(PageForm):
    language = TextField(check_language, strip=False)
    next = TextField(strip=False)


class TokenForm(PageForm):
    name = TextField(
        partial(check_text, field="name", limit=MAX_TOKEN_NAME, empty=False),
        strip=False,
    )
    workspace = TextField(strip=False)
    role_cap = TextField(_read_role_cap, strip=False)
    days = TextField(_read_lifetime, strip=False)


class RoleForm(PageForm):
    role = TextField(_read_role, strip=False)
