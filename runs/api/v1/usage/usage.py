"""REST: what the workspace stores, and its quota."""

from __future__ import annotations

from collections.abc import Mapping

from runs.access import Permission, StudioRequest, signed_in_user, workspace_of
from runs.actions import usage as usage_actions
from runs.api.v1.endpoints import endpoint
from runs.api.v1.usage.schemas import (
    StorageCount,
    StorageDay,
    StorageInfo,
    StorageQuota,
    StorageShare,
)
from runs.models import Role, now_ms
from runs.search.usage import (
    StoredKind,
    read_usage,
    usage_by_experiment,
    usage_by_member,
    usage_by_run,
)


@endpoint("GET", Permission.READ, reply=StorageInfo)
def get_storage(request: StudioRequest) -> StorageInfo:
    """Return what is stored, by day too, and the quota."""
    return _storage_info(request)


@endpoint("PUT", Permission.QUOTA, body=StorageQuota, reply=StorageInfo)
def set_storage_quota(request: StudioRequest, body: StorageQuota) -> StorageInfo:
    """Set how many bytes the workspace may store."""
    usage_actions.set_quota(
        workspace_of(request), body.quota, actor=request.actor, now=now_ms()
    )
    return _storage_info(request)


@endpoint("POST", Permission.TRASH, reply=StorageCount)
def count_storage_again(request: StudioRequest) -> StorageCount:
    """Ask for a new count, which is there within seconds (`counted`)."""
    now = now_ms()
    usage_actions.request_count(workspace_of(request), now)
    return StorageCount(now)


def _storage_info(request: StudioRequest) -> StorageInfo:
    workspace, user = workspace_of(request), signed_in_user(request)
    found = read_usage(workspace)
    is_owner = request.role == Role.OWNER
    runs, members = usage_by_run(workspace), usage_by_member(workspace)
    if not is_owner:
        runs = [row for row in runs if row.run and row.run.submitter_id == user.pk]
        members = [row for row in members if row.user == user]
    places = usage_by_experiment(workspace) if is_owner else []
    return StorageInfo(
        used=found.used,
        sizes=_sizes(found.sizes),
        quota=found.quota,
        counted=found.counted,
        days=[StorageDay(day, _sizes(sizes)) for day, sizes in found.by_day],
        experiments=[
            StorageShare(
                row.experiment.name if row.experiment else None, _sizes(row.sizes)
            )
            for row in places
        ],
        runs=[
            StorageShare(row.run.run_id if row.run else None, _sizes(row.sizes))
            for row in runs
        ],
        members=[
            StorageShare(row.user.username if row.user else None, _sizes(row.sizes))
            for row in members
        ],
    )


def _sizes(sizes: Mapping[StoredKind, int]) -> dict[str, int]:
    return {kind.value: size for kind, size in sizes.items()}
