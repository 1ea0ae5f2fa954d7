"""The snapshots that a new run can start from."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from runs.models import Run, RunProperty, RunSnapshot, Snapshot, Workspace
from studio.core.errors import NotFound

#: The newest links of runs to snapshots that are searched for different snapshots.
_SEARCHED_LINKS = 200
MAX_CHOICES = 20


_BRANCHES = ("azureml.git.branch", "mlflow.source.git.branch")
_DIRTY = "azureml.git.dirty"


@dataclass(frozen=True)
class GitFacts:
    """Where the sources of a run came from."""

    branch: str
    is_dirty: bool


@dataclass(frozen=True)
class SourceChoice:
    """A snapshot, with the newest run that has it; None for one just uploaded."""

    snapshot: Snapshot
    run: Run | None


def list_source_choices(workspace: Workspace) -> list[SourceChoice]:
    """Return the different snapshots of the newest runs, the newest first."""
    links = (
        RunSnapshot.objects.filter(
            run__workspace=workspace,
            run__deleted__isnull=True,
            run__experiment__deleted__isnull=True,
        )
        .select_related("snapshot", "run", "run__experiment")
        .order_by("-run")[:_SEARCHED_LINKS]
    )
    found: dict[int, SourceChoice] = {}
    for link in links:
        found.setdefault(link.snapshot_id, SourceChoice(link.snapshot, link.run))
        if len(found) == MAX_CHOICES:
            break
    return list(found.values())


def find_source(workspace: Workspace, digest: str) -> Snapshot:
    """Return the workspace's snapshot with this digest; raise NotFound."""
    rows = Snapshot.objects.filter(workspace=workspace)
    found = rows.filter(digest=digest).first() if digest.isprintable() else None
    if found is None:
        raise NotFound(
            _("This snapshot no longer exists. Choose another, or upload the folder.")
        )
    return found


def describe_source(workspace: Workspace, digest: str) -> SourceChoice:
    """Return the snapshot with the newest run that has it."""
    snapshot = find_source(workspace, digest)
    link = (
        RunSnapshot.objects.filter(snapshot=snapshot)
        .select_related("run", "run__experiment")
        .order_by("-run")
        .first()
    )
    return SourceChoice(snapshot, link.run if link else None)


def find_git_facts(run: Run) -> GitFacts | None:
    """Return the branch that a run's sources were on; None outside of git."""
    rows = RunProperty.objects.filter(run=run, key__name__in=(*_BRANCHES, _DIRTY))
    known = dict(rows.values_list("key__name", "value"))
    branch = next((known[key] for key in _BRANCHES if known.get(key)), "")
    if not branch:
        return None
    return GitFacts(branch, (known.get(_DIRTY) or "").lower() == "true")
