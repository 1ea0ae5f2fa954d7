"""The runs that a target has executed."""

from __future__ import annotations

from runs.models import ComputeTarget, Job


def list_past_jobs(target: ComputeTarget, *, limit: int) -> tuple[list[Job], bool]:
    """Return the ended jobs, newest submission first; and whether there are more."""
    rows = Job.objects.filter(
        target=target,
        ended__isnull=False,
        run__deleted__isnull=True,
        run__experiment__deleted__isnull=True,
    )
    rows = rows.select_related("run", "run__experiment", "submitter").order_by("-pk")
    # One more than the limit shows whether there are more.
    found = list(rows[: limit + 1])
    return found[:limit], len(found) > limit
