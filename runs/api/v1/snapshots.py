"""A run's snapshot: the archive of its sources, in and out."""

from __future__ import annotations

from django.http import HttpResponseBase

from runs.access.rules import Permission, StudioRequest
from runs.actions.clock import now_ms
from runs.actions.files import snapshots as actions
from runs.api.bodies import pieces
from runs.api.http import endpoint
from runs.api.sending import send_file
from runs.api.v1.delivered import SnapshotInfo
from runs.api.v1.find import run_by_id
from runs.models import File, Snapshot
from runs.search.files.snapshot import snapshot_of
from studio.core.snapshots import MAX_BYTES


@endpoint("PUT", Permission.LOG, reply=SnapshotInfo, streams_body=True)
def keep_snapshot(request: StudioRequest, run_id: str) -> SnapshotInfo:
    """Keep the sources that a run was started from: the body is a zip of plain files.

    A run has one snapshot; the same archive again is fine. Secrets (`.env`, keys),
    `.git`, virtual environments, links and paths that leave the archive are refused.
    """
    run = run_by_id(request, run_id)
    body = pieces(request, limit=MAX_BYTES)
    return _info(actions.keep_snapshot(run, body, actor=request.actor, now=now_ms()))


@endpoint("GET", Permission.READ)
def download_snapshot(request: StudioRequest, run_id: str) -> HttpResponseBase:
    """Read the archive, or a range of it."""
    found = snapshot_of(run_by_id(request, run_id))
    return send_file(
        request,
        File(
            name=f"{found.public_id}.zip",
            blob=found.blob,
            size=found.size,
            sha256=found.digest,
        ),
    )


def _info(snapshot: Snapshot) -> SnapshotInfo:
    return SnapshotInfo(
        snapshot.public_id, snapshot.size, snapshot.files, snapshot.created
    )
