"""Conclusions of the workspace: of a set of runs, of one run, the newest of all."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Count

from runs.models import Conclusion, Run, Workspace
from runs.models.conclusions import key_of

#: Of all conclusions only so many of the newest are listed; of a run's as well.
MOST = 100


def find_conclusion(workspace: Workspace, run_ids: Sequence[str]) -> Conclusion | None:
    """That of exactly these runs, in whatever order."""
    rows = Conclusion.objects.filter(workspace=workspace, key=key_of(run_ids))
    return rows.exclude(text="").select_related("author").first()


def conclusions_of(run: Run) -> list[Conclusion]:
    """Those that the run is among, the newest first."""
    rows = Conclusion.objects.filter(runs=run).exclude(text="")
    return list(rows.select_related("author").order_by("-updated", "-pk")[:MOST])


def all_conclusions(workspace: Workspace) -> list[Conclusion]:
    """The newest first, each with its `run_count`."""
    rows = Conclusion.objects.filter(workspace=workspace).exclude(text="")
    counted = rows.annotate(run_count=Count("runs")).select_related("author")
    return list(counted.order_by("-updated", "-pk")[:MOST])
