"""Completion of references in a description."""

from __future__ import annotations

from dataclasses import dataclass

from runs.models import Experiment, File, Metric, Run, User, Workspace
from runs.search.run_list import find_runs
from studio.core.errors import InvalidFilter, QueryTimeout
from studio.core.filters import to_text
from studio.core.filters.tree import Word
from studio.core.view_spec import ViewSpec

MAX_SUGGESTIONS = 8


@dataclass(frozen=True)
class ReferenceSuggestion:
    """`named` stands behind the colon, `label` says more about it."""

    named: str
    label: str = ""


def suggest_runs(
    part: str, viewer: User, workspace: Workspace, experiment: Experiment | None = None
) -> list[ReferenceSuggestion]:
    """Runs with that word in their name or id, the newest first."""
    q = to_text(Word(part)) if part else ""
    spec = ViewSpec(q=q, rows=25, children=True, flat=True)
    try:
        # Without a word, runs of the same experiment are the likeliest.
        page = find_runs(
            spec, viewer, workspace, experiment=None if part else experiment
        )
    except (InvalidFilter, QueryTimeout):
        return []
    return [
        ReferenceSuggestion(row.run.run_id, row.run.name)
        for row in page.rows[:MAX_SUGGESTIONS]
    ]


def suggest_metrics(part: str, run: Run) -> list[ReferenceSuggestion]:
    rows = Metric.objects.filter(run=run, key__name__icontains=part)
    found = rows.select_related("key").order_by("key__name")[:MAX_SUGGESTIONS]
    return [ReferenceSuggestion(head.key.name) for head in found]


def suggest_files(part: str, run: Run) -> list[ReferenceSuggestion]:
    """By the name's part, or by what the whole path begins with."""
    folder, _slash, name = part.rpartition("/")
    rows = File.objects.filter(run=run, replaced__isnull=True, name__icontains=name)
    if folder:
        rows = rows.filter(folder__startswith=folder)
    found = rows.order_by("folder", "name")[:MAX_SUGGESTIONS]
    return [ReferenceSuggestion(file.path) for file in found]
