"""How many files of a kind runs have, and how large they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Count, QuerySet, Sum

from runs.models import File, FileTotal, RetentionKind
from runs.search.usage import file_kind_expression
from studio.core.batches import batches


def files_of_kind(runs: Sequence[int], kind: RetentionKind) -> QuerySet[File]:
    """Return the current files of this kind."""
    rows = File.objects.filter(run__in=runs, replaced__isnull=True)
    return rows.annotate(stored_kind=file_kind_expression()).filter(stored_kind=kind)


def sizes_of_runs(
    runs: Sequence[int], kind: RetentionKind
) -> dict[int, tuple[int, int]]:
    """Return files and bytes by run; runs without such files are left out."""
    found: dict[int, tuple[int, int]] = {}
    rows: list[Any]
    for some in batches(list(runs)):
        if kind == RetentionKind.RUNS:
            totals = FileTotal.objects.filter(run__in=some)
            rows = list(totals.values_list("run", "files", "bytes"))
        else:
            files = files_of_kind(some, kind).order_by().values_list("run")
            rows = list(files.annotate(n=Count("pk"), bytes=Sum("size")))
        found.update((run, (count, size)) for run, count, size in rows)
    return found
