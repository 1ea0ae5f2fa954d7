"""How long a new run may take, by the runs that are like it."""

from __future__ import annotations

from statistics import median

from runs.models import Run, Workspace
from studio.core.statuses import RunStatus

#: The newest completed runs whose durations count.
SAMPLE_RUNS = 10


def estimate_duration(workspace: Workspace, experiment: str, script: str) -> int | None:
    """Return the median duration in ms of the last completed runs of the script.

    None if no run of the experiment has completed with it.
    """
    if not script or not experiment.isprintable() or not script.isprintable():
        return None
    rows = (
        Run.objects.filter(
            workspace=workspace,
            experiment__name=experiment,
            script=script,
            status=RunStatus.COMPLETED.code,
            deleted__isnull=True,
            started__isnull=False,
            ended__isnull=False,
        )
        .order_by("-pk")
        .values_list("started", "ended")[:SAMPLE_RUNS]
    )
    lengths = [
        ended - started
        for started, ended in rows
        if started is not None and ended is not None and ended >= started
    ]
    return int(median(lengths)) if lengths else None
