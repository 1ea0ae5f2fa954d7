"""Compute targets: create, change and remove."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict, Unpack

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from runs.actions.account import to_datetime
from runs.actions.actor import Actor
from runs.actions.changes import Edit, record_changes
from runs.actions.run import request_cancel
from runs.models import (
    DEFAULT_LEASE_SECONDS,
    LOCAL_TARGET,
    ComputeTarget,
    Job,
    Workspace,
)
from studio.core import compute_kinds, names
from studio.core.errors import AlreadyExists, InvalidState, InvalidValue, NotFound

#: An agent renews its leases every five seconds; a network can be away for a while.
MIN_LEASE_SECONDS, MAX_LEASE_SECONDS = 30, 24 * 3600
MAX_RUNS_PER_MEMBER = 10_000


def find_target(workspace: Workspace, name: str, *, now: int) -> ComputeTarget:
    """Return the target; raise NotFound that lists those that exist."""
    if name == LOCAL_TARGET:
        return get_local_target(workspace, now=now)
    rows = ComputeTarget.objects.filter(workspace=workspace, removed__isnull=True)
    # PostgreSQL refuses to look for NUL.
    found = rows.filter(name=name).first() if name.isprintable() else None
    if found is None:
        known = [LOCAL_TARGET, *rows.exclude(name=LOCAL_TARGET).values_list("name")]
        listed = [one if isinstance(one, str) else one[0] for one in known]
        raise NotFound(
            _(
                "This workspace has no compute target %(name)r. It has: %(known)s. "
                "Owners add one on the Compute page."
            )
            % {"name": name, "known": ", ".join(listed)},
            target=name,
            known=listed,
        )
    return found


def get_local_target(workspace: Workspace, *, now: int) -> ComputeTarget:
    """Return the target `local`, which is created if the workspace lacks it."""
    found = _find_by_name(workspace, LOCAL_TARGET)
    return found or _insert(
        ComputeTarget(workspace=workspace, name=LOCAL_TARGET, created=now)
    )


@transaction.atomic
def create_target(
    workspace: Workspace,
    name: str,
    *,
    actor: Actor,
    now: int,
    description: str = "",
    max_per_member: int | None = None,
    lease_seconds: int = DEFAULT_LEASE_SECONDS,
    kind: str = "agents",
    settings: Mapping[str, Any] | None = None,
) -> ComputeTarget:
    """Create a target; raise AlreadyExists if the workspace has one of this name.

    The kind of a target never changes; its settings can.
    """
    names.check_target_name(name)
    checked = compute_kinds.check_settings(kind, settings or {})
    if name == LOCAL_TARGET or _find_by_name(workspace, name) is not None:
        raise AlreadyExists(
            _("The compute target %(name)r already exists. Choose another name.")
            % {"name": name},
            target=name,
        )
    created = _insert(
        ComputeTarget(
            workspace=workspace,
            name=name,
            description=names.check_description(description),
            max_per_member=_check_max_per_member(max_per_member),
            lease_seconds=_check_lease(lease_seconds),
            kind=kind,
            settings=checked,
            created=now,
            created_by=actor.user,
        )
    )
    _record(created, [Edit(_field(created), None, True)], actor=actor, now=now)
    return created


class TargetChanges(TypedDict, total=False):
    """What can be changed; `max_per_member` None means that there is no limit."""

    paused: bool
    description: str
    max_per_member: int | None
    lease_seconds: int
    settings: Mapping[str, Any]


@transaction.atomic
def change_target(
    target: ComputeTarget, *, actor: Actor, now: int, **changes: Unpack[TargetChanges]
) -> ComputeTarget:
    """Change what is given. A paused target keeps its queue and starts no run.

    `settings` replaces all settings. Agents know them after their next start.
    """
    found = ComputeTarget.objects.select_for_update().get(pk=target.pk)
    before = {name: getattr(found, name) for name in changes}
    found.paused = changes.get("paused", found.paused)
    if "description" in changes:
        found.description = names.check_description(changes["description"])
    if "max_per_member" in changes:
        found.max_per_member = _check_max_per_member(changes["max_per_member"])
    if "lease_seconds" in changes:
        found.lease_seconds = _check_lease(changes["lease_seconds"])
    if "settings" in changes:
        found.settings = compute_kinds.check_settings(found.kind, changes["settings"])
    found.save()
    edits = [
        Edit(f"{_field(found)}.{name}", value, getattr(found, name))
        for name, value in before.items()
    ]
    _record(found, edits, actor=actor, now=now)
    return found


@transaction.atomic
def remove_target(target: ComputeTarget, *, actor: Actor, now: int) -> None:
    """Remove a target without queued and running runs; its name is free again.

    Its agents are removed too, and queued runs in the trash are canceled. `local` can't
    be removed.
    """
    found = ComputeTarget.objects.select_for_update().get(pk=target.pk)
    if found.name == LOCAL_TARGET:
        raise InvalidState(
            _("Every workspace has the compute target local. It can't be removed.")
        )
    jobs = Job.objects.filter(target=found, ended__isnull=True)
    if jobs.exclude(pk__in=_jobs_in_trash(found)).exists():
        raise InvalidState(
            _(
                "The compute target %(name)r has queued or running runs. Wait for "
                "them, or cancel them."
            )
            % {"name": found.name},
            target=found.name,
        )
    for job in jobs.select_related("run"):
        request_cancel(job.run, actor=actor, now=now)
    found.removed = now
    found.save(update_fields=["removed"])
    found.agents.filter(removed__isnull=True).update(removed=now)
    found.tokens.filter(revoked__isnull=True).update(revoked=to_datetime(now))
    _record(found, [Edit(_field(found), True, None)], actor=actor, now=now)


def _field(target: ComputeTarget) -> str:
    return f"targets.{target.name}"


def _record(
    target: ComputeTarget, edits: Sequence[Edit], *, actor: Actor, now: int
) -> None:
    record_changes(target.workspace, "targets", edits, actor=actor, now=now)


def _jobs_in_trash(target: ComputeTarget) -> QuerySet[Job, int]:
    queued = Job.objects.queued().filter(target=target)
    startable = Job.objects.startable().filter(target=target)
    return queued.exclude(pk__in=startable.values("pk")).values_list("pk", flat=True)


def _find_by_name(workspace: Workspace, name: str) -> ComputeTarget | None:
    rows = ComputeTarget.objects.filter(workspace=workspace, removed__isnull=True)
    return rows.filter(name=name).first()


def _insert(target: ComputeTarget) -> ComputeTarget:
    try:
        with transaction.atomic():
            target.save(force_insert=True)
    except IntegrityError:
        # Another request created it at the same time.
        found = _find_by_name(target.workspace, target.name)
        if found is None:
            raise
        if target.name != LOCAL_TARGET:
            raise AlreadyExists(
                _("The compute target %(name)r already exists. Choose another name.")
                % {"name": target.name},
                target=target.name,
            ) from None
        return found
    return target


def _check_max_per_member(limit: int | None) -> int | None:
    if limit is not None and not 1 <= limit <= MAX_RUNS_PER_MEMBER:
        raise InvalidValue(
            _("max_per_member must be a whole number from 1 to %(limit)s.")
            % {"limit": MAX_RUNS_PER_MEMBER},
            field="max_per_member",
        )
    return limit


def _check_lease(seconds: int) -> int:
    if not MIN_LEASE_SECONDS <= seconds <= MAX_LEASE_SECONDS:
        raise InvalidValue(
            _("lease_seconds must be a whole number from %(least)s to %(limit)s.")
            % {"least": MIN_LEASE_SECONDS, "limit": MAX_LEASE_SECONDS},
            field="lease_seconds",
        )
    return seconds
