"""Other runs with a snapshot: with the same files, or to compare with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from runs.models import Run, RunSnapshot, Snapshot, User

#: Links that are shown, and how far the others are counted.
MAX_LINKS, MAX_COUNTED = 5, 100
#: Runs that are offered to compare with.
MAX_CANDIDATES = 20


@dataclass(frozen=True)
class SameRuns:
    """The newest runs; `more` are not shown, and `is_many` if there may be others."""

    runs: Sequence[Run]
    more: int
    is_many: bool


def runs_with_same_files(run: Run, snapshot: Snapshot, viewer: User) -> SameRuns:
    """Find other runs whose snapshot has exactly these files, the newest first."""
    same = Snapshot.objects.filter(workspace=run.workspace_id)
    # Snapshots of old versions have no hash of their files.
    if snapshot.tree is None:
        same = same.filter(pk=snapshot.pk)
    else:
        same = same.filter(tree=snapshot.tree)
    links = RunSnapshot.objects.filter(snapshot__in=same, run=OuterRef("pk"))
    found = list(
        Run.objects.visible_to(viewer)
        .filter(Exists(links), workspace=run.workspace_id, deleted__isnull=True)
        .exclude(pk=run.pk)
        .order_by("-pk")[: MAX_COUNTED + 1]
    )
    more = min(len(found), MAX_COUNTED) - MAX_LINKS
    return SameRuns(found[:MAX_LINKS], max(more, 0), len(found) > MAX_COUNTED)


def list_candidates(run: Run, viewer: User) -> list[Run]:
    """The newest other runs of the experiment that have a snapshot."""
    has_snapshot = Exists(RunSnapshot.objects.filter(run=OuterRef("pk")))
    found = Run.objects.visible_to(viewer).filter(
        has_snapshot, experiment=run.experiment_id, deleted__isnull=True
    )
    return list(found.exclude(pk=run.pk).order_by("-pk")[:MAX_CANDIDATES])


def find_other_run(run: Run, viewer: User, text: str) -> Run | None:
    """The run of the workspace with this ID, else the newest with this name."""
    rows = Run.objects.visible_to(viewer).filter(
        workspace=run.workspace_id, deleted__isnull=True
    )
    by_id = rows.filter(run_id=text).first()
    return by_id or rows.filter(name=text).exclude(pk=run.pk).order_by("-pk").first()
