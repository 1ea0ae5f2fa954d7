"""Secrets of a workspace: encrypted at rest, decrypted only for a run's agent."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _

from runs.actions.actor import Actor
from runs.actions.changes import Edit, record_changes
from runs.actions.encryption import CannotDecrypt, decrypt_text, encrypt_text
from runs.models import Secret, Workspace
from studio.core import names
from studio.core.errors import InvalidState, InvalidValue, NotFound

_KEY_PURPOSE = b"run-studio: secrets of workspaces"


@transaction.atomic
def set_secret(
    workspace: Workspace, name: str, value: str, *, actor: Actor, now: int
) -> Secret:
    """Create a secret, or replace its value. Raises InvalidName or InvalidValue."""
    names.check_secret_name(name)
    names.check_text(value, "value", limit=names.MAX_SECRET_BYTES, empty=False)
    if max(len(line.strip()) for line in value.splitlines()) < names.MIN_SECRET_CHARS:
        raise InvalidValue(
            _(
                "The value has no line of %(least)s characters. Logs can't hide such a "
                "short value. Use a longer one."
            )
            % {"least": names.MIN_SECRET_CHARS},
            field="value",
        )
    if len(value.encode()) > names.MAX_SECRET_BYTES:
        raise InvalidValue(
            _("The value has more than %(limit)s bytes.")
            % {"limit": names.MAX_SECRET_BYTES},
            field="value",
            limit=names.MAX_SECRET_BYTES,
        )
    ciphertext = encrypt_text(value, _KEY_PURPOSE)
    changed = {"ciphertext": ciphertext, "changed": now, "changed_by": actor.user}
    known = Secret.objects.select_for_update().filter(workspace=workspace, name=name)
    before = known.values_list("changed", flat=True).first()
    secret, _created = Secret.objects.update_or_create(
        workspace=workspace,
        name=name,
        defaults=changed,
        create_defaults={**changed, "created": now, "created_by": actor.user},
    )
    _record(workspace, name, before, now, actor=actor, now=now)
    return secret


@transaction.atomic
def delete_secret(workspace: Workspace, name: str, *, actor: Actor, now: int) -> None:
    """Delete a secret. Queued runs that name it will fail."""
    secret = find_secret(workspace, name)
    secret.delete()
    _record(workspace, name, secret.changed, None, actor=actor, now=now)


def find_secret(workspace: Workspace, name: str) -> Secret:
    rows = Secret.objects.filter(workspace=workspace)
    # PostgreSQL refuses to look for NUL.
    found = rows.filter(name=name).first() if name.isprintable() else None
    if found is None:
        raise NotFound(
            _("This workspace has no secret %(name)r.") % {"name": name}, secret=name
        )
    return found


def check_secrets_exist(workspace: Workspace, wanted: Iterable[str]) -> None:
    """Raise NotFound for a secret that the workspace lacks."""
    missing = sorted(set(wanted) - _known_names(workspace, wanted))
    if missing:
        raise NotFound(
            _("This workspace has no secret %(name)r. An owner can set it.")
            % {"name": missing[0]},
            secret=missing[0],
        )


def read_secrets(workspace: Workspace, wanted: list[str]) -> dict[str, str]:
    """Return the values by name; raise NotFound or InvalidState for one without."""
    check_secrets_exist(workspace, wanted)
    rows = Secret.objects.filter(workspace=workspace, name__in=wanted)
    return {row.name: _decrypt(row) for row in rows}


def _record(
    workspace: Workspace,
    name: str,
    before: int | None,
    after: int | None,
    *,
    actor: Actor,
    now: int,
) -> None:
    """Record when a secret was set or deleted, never its value."""
    edit = Edit(f"secrets.{name}", before, after)
    record_changes(workspace, "secrets", [edit], actor=actor, now=now)


def _known_names(workspace: Workspace, wanted: Iterable[str]) -> set[str]:
    names_wanted = list(wanted)
    if not names_wanted:
        return set()
    rows = Secret.objects.filter(workspace=workspace, name__in=names_wanted)
    return set(rows.values_list("name", flat=True))


def _decrypt(secret: Secret) -> str:
    try:
        return decrypt_text(bytes(secret.ciphertext), _KEY_PURPOSE)
    except CannotDecrypt as error:
        raise InvalidState(
            _(
                "The secret %(name)r can't be decrypted, because the server's secret "
                "key has changed. An owner must set it again."
            )
            % {"name": secret.name},
            secret=secret.name,
        ) from error
