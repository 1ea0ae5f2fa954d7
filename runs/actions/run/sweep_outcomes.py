"""How the parent of a sweep ends, from what its children reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from runs.models import Sweep
from runs.search.sweeps import SweepResult, best_of, list_results
from studio.core.statuses import RunStatus

# As the v1 service has them.
BEST_RUN_PROPERTY = "best_child_run_id"
SCORE_PROPERTY = "score"


@dataclass(frozen=True)
class SweepOutcome:
    status: RunStatus
    message: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)


def find_sweep_outcome(sweep: Sweep) -> SweepOutcome:
    """Return how a sweep ends whose children have all ended.

    It failed if no child succeeded, or none logged the primary metric. The best child
    is in its properties.
    """
    results = list_results(sweep)
    best = best_of(sweep, results) if sweep.metric else None
    properties = {}
    if best is not None and best.best is not None:
        properties = {BEST_RUN_PROPERTY: best.run_id, SCORE_PROPERTY: repr(best.best)}
    if not sweep.proposed and sweep.closed:
        return SweepOutcome(RunStatus.FAILED, sweep.closed)
    if results and all(each.status is RunStatus.FAILED for each in results):
        message = sweep.closed or f"All {len(results)} child runs failed."
        return SweepOutcome(RunStatus.FAILED, message, properties)
    if sweep.metric and best is None and not _were_canceled(results):
        message = _no_metric(sweep.metric, results)
        return SweepOutcome(RunStatus.FAILED, message)
    return SweepOutcome(RunStatus.COMPLETED, sweep.closed, properties)


def close_sweep_row(sweep: Sweep) -> None:
    """Let the worker leave alone a sweep that has ended."""
    Sweep.objects.filter(pk=sweep.pk, is_live=True).update(is_live=False)


def _were_canceled(results: list[SweepResult]) -> bool:
    """Whether no child could log anything: all were canceled, or deleted."""
    return all(each.status is RunStatus.CANCELED for each in results)


def _no_metric(metric: str, results: list[SweepResult]) -> str:
    if any(each.has_metric for each in results):
        return f"No child run logged a finite number as {metric!r}."
    return (
        f"No child run logged the primary metric {metric!r}. Log it in the script: "
        f"run.log({metric!r}, value)"
    )
