"""Conclusions of the workspace: of a set of runs, of one run, the newest of all."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Count, QuerySet
from django.db.models.functions import Left

from runs.models import Conclusion, Run, Workspace, conclusion_key
from runs.render.descriptions import MAX_READ_CHARS

#: Maximum number of newest conclusions listed, in all and of a run.
MAX_CONCLUSIONS = 100


def find_conclusion(workspace: Workspace, run_ids: Sequence[str]) -> Conclusion | None:
    """That of exactly these runs, in whatever order."""
    rows = Conclusion.objects.filter(workspace=workspace, key=conclusion_key(run_ids))
    return rows.exclude(text="").select_related("author").first()


def list_conclusions_of(run: Run) -> list[Conclusion]:
    """Those that the run is among, the newest first, each with its `beginning`."""
    rows = Conclusion.objects.filter(runs=run)
    return _list_conclusions(rows)


def list_conclusions(workspace: Workspace) -> list[Conclusion]:
    """The newest first, each with its `beginning` and its `run_count`."""
    rows = Conclusion.objects.filter(workspace=workspace)
    return _list_conclusions(rows.annotate(run_count=Count("runs")))


def _list_conclusions(rows: QuerySet[Conclusion]) -> list[Conclusion]:
    """A text may have 64 KiB, and there are a hundred of them."""
    begun = rows.annotate(beginning=Left("text", MAX_READ_CHARS)).defer("text")
    newest = begun.exclude(text="").order_by("-updated", "-pk")
    return list(newest.select_related("author")[:MAX_CONCLUSIONS])
