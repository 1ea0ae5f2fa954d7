"""Users, workspaces, and the roles of members."""

from __future__ import annotations

import zoneinfo
from functools import cache

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from runs.actions.account.secrets import to_datetime
from runs.actions.actor import Actor
from runs.actions.changes import Edit, record_changes
from runs.actions.experiments import ensure_default
from runs.models import BrowserSession, Follow, Member, Role, Theme, User, Workspace
from studio.core import names
from studio.core.errors import AlreadyExists, InvalidState, InvalidValue, NotFound


@transaction.atomic
def create_workspace(name: str, *, actor: Actor, now: int) -> Workspace:
    """Return the workspace of that name; create it and its experiment *Default* if
    needed.
    """
    names.check_workspace_name(name)
    workspace, new = Workspace.objects.get_or_create(name=name)
    if new:
        ensure_default(workspace, actor=actor, now=now)
    return workspace


@transaction.atomic
def ensure_user(name: str, *, actor: Actor, now: int) -> User:
    """Return the user of that name, ignoring case; create one without a password if
    needed.
    """
    names.check_user_name(name)
    found = User.objects.filter(username__iexact=name).first()
    return found or _create_user(name)


def _create_user(name: str) -> User:
    user = User(username=name)
    user.set_unusable_password()
    return _insert_user(user)


def _insert_user(user: User) -> User:
    taken = AlreadyExists(
        _("This user name is taken. Choose another."), field="username"
    )
    if User.objects.filter(username__iexact=user.username).exists():
        raise taken
    try:
        # A savepoint: on PostgreSQL a failed INSERT would otherwise end the whole
        # transaction.
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError as error:
        # Another request created this user at the same time.
        raise taken from error
    return user


@transaction.atomic
def create_user_with_password(
    name: str, password: str, *, display_name: str = "", actor: Actor, now: int
) -> User:
    """Create a user with a password."""
    names.check_user_name(name)
    _check_display_name(display_name)
    user = User(username=name, display_name=display_name.strip())
    check_password_rules(password, user)
    user.set_password(password)
    return _insert_user(user)


def _check_display_name(value: str) -> None:
    names.check_text(value, "display_name", limit=names.MAX_USER_NAME)
    if not value.isprintable():
        raise InvalidValue(
            _("The display name contains a control character."), field="display_name"
        )


def check_password_rules(password: str, user: User) -> None:
    """Raise InvalidValue with all the rules that the password breaks."""
    names.check_text(password, "password", limit=4096)
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise InvalidValue(" ".join(error.messages), field="password") from error


@transaction.atomic
def set_password(user: User, password: str, *, actor: Actor, now: int) -> None:
    """Set a new password. All other sessions of the user end."""
    check_password_rules(password, user)
    user.set_password(password)
    user.save(update_fields=["password"])


#: Zones of the database that are places. The others are abbreviations and old names,
#: such as `EST` and `US/Pacific`.
_AREAS = (
    *("Africa", "America", "Antarctica", "Arctic", "Asia"),
    *("Atlantic", "Australia", "Europe", "Indian", "Pacific"),
)


@cache
def time_zones() -> tuple[str, ...]:
    """The time zones that a person can choose, in alphabetical order."""
    places = zoneinfo.available_timezones()
    return (*sorted(each for each in places if each.split("/")[0] in _AREAS), "UTC")


@transaction.atomic
def set_profile(
    user: User, *, display_name: str, email: str, time_zone: str, actor: Actor, now: int
) -> None:
    _check_display_name(display_name)
    names.check_text(email, "email", limit=254)
    if email:
        _check_email(email)
        # Members sign in with their address, so it should identify one user.
        others = User.objects.filter(email__iexact=email).exclude(pk=user.pk)
        if others.exists():
            raise AlreadyExists(
                _("This email address is taken. Use another."), field="email"
            )
    # Including zones that are no places, which an account may have.
    if time_zone and time_zone not in zoneinfo.available_timezones():
        raise InvalidValue(_("Unknown time zone."), field="time_zone")
    user.display_name = display_name.strip()
    user.email = email
    user.time_zone = time_zone
    user.save(update_fields=["display_name", "email", "time_zone"])


def _check_email(email: str) -> None:
    try:
        validate_email(email)
    except ValidationError as error:
        raise InvalidValue(" ".join(error.messages), field="email") from error


@transaction.atomic
def set_theme(user: User, theme: str, *, actor: Actor, now: int) -> None:
    user.theme = parse_theme(theme)
    user.save(update_fields=["theme"])


def parse_theme(theme: str) -> Theme:
    if theme not in Theme.values:
        allowed = ", ".join(Theme.values)
        raise InvalidValue(
            _("The theme must be one of %(allowed)s.") % {"allowed": allowed},
            field="theme",
        )
    return Theme(theme)


@transaction.atomic
def set_language(user: User, language: str, *, actor: Actor, now: int) -> None:
    user.language = check_language(language)
    user.save(update_fields=["language"])


def check_language(language: str) -> str:
    known = [code for code, _name in settings.LANGUAGES]
    if language not in known:
        raise InvalidValue(
            _("The language must be one of %(allowed)s.")
            % {"allowed": ", ".join(known)},
            field="language",
        )
    return language


@transaction.atomic
def add_member(
    workspace: Workspace, user: User, role: Role, *, actor: Actor, now: int
) -> Member:
    """Add `user` to the workspace, or change the member's role."""
    _require_remaining_owner(workspace, user, role)
    rows = Member.objects.filter(workspace=workspace, user=user)
    before = rows.values_list("role", flat=True).first()
    member, _new = Member.objects.update_or_create(
        workspace=workspace, user=user, defaults={"role": role}
    )
    _record_role(member, before, role, actor=actor, now=now)
    return member


@transaction.atomic
def set_role(member: Member, role: Role, *, actor: Actor, now: int) -> Member:
    """Change a member's role; a workspace keeps at least one owner."""
    _require_remaining_owner(member.workspace, member.user, role)
    if not Member.objects.filter(pk=member.pk).update(role=role):
        raise NotFound(_("This member doesn't exist."))
    _record_role(member, member.role, role, actor=actor, now=now)
    member.role = role
    return member


@transaction.atomic
def remove_member(member: Member, *, actor: Actor, now: int) -> None:
    """Remove a member from the workspace; their runs stay.

    What they follow ends: who comes back later did not ask for it again.
    """
    _require_remaining_owner(member.workspace, member.user, None)
    _record_role(member, member.role, None, actor=actor, now=now)
    Member.objects.filter(pk=member.pk).delete()
    Follow.objects.filter(user=member.user, workspace=member.workspace).delete()
    User.objects.filter(pk=member.user_id, last_workspace=member.workspace_id).update(
        last_workspace=None
    )


def _record_role(
    member: Member, before: int | None, after: Role | None, *, actor: Actor, now: int
) -> None:
    old, new = (None if role is None else Role(role).label for role in (before, after))
    edit = Edit(f"members.{member.user.username}", old, new)
    record_changes(member.workspace, "members", [edit], actor=actor, now=now)


def _require_remaining_owner(
    workspace: Workspace, user: User, role: Role | None
) -> None:
    """Raise InvalidState if the workspace would be left without an owner."""
    if role == Role.OWNER:
        return
    # Without the lock two owners could demote each other at the same time.
    Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
    owners = Member.objects.filter(workspace=workspace, role=Role.OWNER)
    is_owner = owners.filter(user=user).exists()
    if is_owner and not owners.exclude(user=user).exists():
        raise InvalidState(
            _("%(name)s is the last owner. Make another member an owner first.")
            % {"name": user}
        )


@transaction.atomic
def end_session(user: User, key: str, *, actor: Actor, now: int) -> None:
    """End one browser session of `user`; the browser must sign in again."""
    BrowserSession.objects.filter(user=user, session_key=key).delete()


@transaction.atomic
def delete_expired_sessions(*, now: int) -> int:
    """Delete expired sessions; return how many."""
    ended, _rows = BrowserSession.objects.filter(
        expire_date__lt=to_datetime(now)
    ).delete()
    return ended


@transaction.atomic
def end_other_sessions(user: User, key: str, *, actor: Actor, now: int) -> int:
    """End all sessions of `user` except `key`; return how many."""
    ended, _rows = (
        BrowserSession.objects.filter(user=user).exclude(session_key=key).delete()
    )
    return ended
