"""Environments of a workspace: registered by name, in versions that never change."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from runs.actions.actor import Actor
from runs.actions.changes import Edit, record_changes
from runs.models import RegisteredEnvironment, Workspace
from studio.core import names
from studio.core.errors import InvalidState, NotFound
from studio.core.run_definition import check_environment

#: Versions of all environments of a workspace.
MAX_VERSIONS = 5_000
MAX_NAMES_IN_MESSAGE = 20


@transaction.atomic
def register_environment(
    workspace: Workspace,
    name: str,
    content: Mapping[str, Any],
    *,
    actor: Actor,
    now: int,
) -> tuple[RegisteredEnvironment, bool]:
    """Return the version with this content, and whether it is new.

    Raises InvalidName, InvalidValue for content that no run can have, and InvalidState
    at the limit of versions.
    """
    names.check_environment_name(name)
    text = _canonical_text(check_environment(content, "definition"))
    digest = hashlib.sha256(text.encode()).hexdigest()
    # Versions count up, so registrations of a workspace follow each other.
    Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
    rows = RegisteredEnvironment.objects.filter(workspace=workspace)
    found = rows.filter(name=name, digest=digest).first()
    if found is not None:
        return found, False
    if rows.count() >= MAX_VERSIONS:
        raise InvalidState(
            _(
                "The workspace has %(limit)s versions of environments, which is the "
                "limit. An owner can delete environments that are no longer used."
            )
            % {"limit": MAX_VERSIONS},
            limit=MAX_VERSIONS,
        )
    newest = rows.filter(name=name).aggregate(version=Max("version"))["version"]
    created = RegisteredEnvironment.objects.create(
        workspace=workspace,
        name=name,
        version=(newest or 0) + 1,
        content=text,
        digest=digest,
        created=now,
        created_by=actor.user,
    )
    _record(workspace, name, newest, created.version, actor=actor, now=now)
    return created, True


@transaction.atomic
def delete_environment(
    workspace: Workspace, name: str, *, actor: Actor, now: int
) -> int:
    """Delete all versions; return their number. Runs keep what they were started with.

    Raises NotFound.
    """
    newest = find_environment(workspace, name).version
    rows = RegisteredEnvironment.objects.filter(workspace=workspace, name=name)
    deleted, _per_model = rows.delete()
    _record(workspace, name, newest, None, actor=actor, now=now)
    return deleted


def find_environment(
    workspace: Workspace, name: str, version: int | None = None
) -> RegisteredEnvironment:
    """Return a version, by default the newest; NotFound lists what exists."""
    rows = RegisteredEnvironment.objects.filter(workspace=workspace)
    # PostgreSQL refuses to look for NUL.
    own = rows.filter(name=name) if name.isprintable() else rows.none()
    wanted = own if version is None else own.filter(version=version)
    found = wanted.order_by("-version").select_related("created_by").first()
    if found is not None:
        return found
    newest = own.aggregate(version=Max("version"))["version"]
    if newest is not None:
        raise NotFound(
            _(
                "The environment %(name)r has no version %(version)s. Its newest "
                "version is %(newest)s."
            )
            % {"name": name, "version": version, "newest": newest},
            environment=name,
        )
    known = rows.order_by("name").values_list("name", flat=True).distinct()
    names_shown = ", ".join(known[:MAX_NAMES_IN_MESSAGE])
    text = _(
        "This workspace has no environment %(name)r. To add one, call "
        "Environment.register in a script."
    )
    if names_shown:
        text = _(
            "This workspace has no environment %(name)r. It has: %(known)s. "
            "To add one, call Environment.register in a script."
        )
    raise NotFound(text % {"name": name, "known": names_shown}, environment=name)


def read_environment(environment: RegisteredEnvironment) -> dict[str, Any]:
    """Return the content as a run's definition has it, with name and version."""
    content: dict[str, Any] = json.loads(environment.content)
    version = str(environment.version)
    return {"name": environment.name, "version": version, **content}


def _canonical_text(content: Mapping[str, Any]) -> str:
    kept = {k: v for k, v in content.items() if k not in ("name", "version")}
    return json.dumps(kept, sort_keys=True, ensure_ascii=False)


def _record(
    workspace: Workspace,
    name: str,
    before: int | None,
    after: int | None,
    *,
    actor: Actor,
    now: int,
) -> None:
    edit = Edit(f"environments.{name}", before, after)
    record_changes(workspace, "environments", [edit], actor=actor, now=now)
