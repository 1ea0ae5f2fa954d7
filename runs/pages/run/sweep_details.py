"""What the Details tab shows of a sweep: its values, its best run, early stopping."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from runs.models import Sampling, Sweep
from runs.pages.requests import PageRequest
from runs.render.formats import grouped, run_path
from runs.search.compute import find_sweep
from runs.search.run import RunHead
from runs.search.sweeps import SweepResult, best_of, count_stopped, list_results
from studio.core.sweeps import BANDIT, MEDIAN, distribution_of, policy_text, values_text


@dataclass(frozen=True)
class SweepDetails:
    """The sweep of a parent run, and what its children have reached."""

    sweep: Sweep
    best: SweepResult | None
    stopped: int

    @property
    def stamp(self) -> object:
        """What changes the page without changing the parent run."""
        sweep, best = self.sweep, self.best
        shown = best and (best.run_id, best.name, best.best)
        return (shown, self.stopped, sweep.proposed, sweep.closed)


def find_sweep_details(head: RunHead) -> SweepDetails | None:
    """Return None for a run that is not the parent of a sweep."""
    sweep = find_sweep(head.run) if head.has_definition else None
    if sweep is None:
        return None
    stopped = count_stopped(sweep) if sweep.policy is not None else 0
    best = best_of(sweep, list_results(sweep)) if sweep.metric else None
    return SweepDetails(sweep, best, stopped)


def sweep_context(request: PageRequest, details: SweepDetails | None) -> dict[str, Any]:
    if details is None:
        return {"sweep": None}
    sweep, best = details.sweep, details.best
    missing = 0 if sweep.is_complete else (sweep.total or 0) - sweep.proposed
    more = _("%(n)s more to come")
    return {
        "sweep": _sweep_text(sweep),
        "sweep_metric": sweep.metric,
        "sweep_more": more % {"n": grouped(missing)} if missing else "",
        "sweep_closed": sweep.closed,
        "best": best,
        "best_value": f"{best.best:.6g}" if best else "",
        "best_href": run_path(request.workspace.name, best.run_id) if best else "",
        "policy": _policy_name(sweep.policy) if sweep.policy else "",
        "policy_settings": _policy_settings(sweep.policy) if sweep.policy else "",
        "stopped": _stopped_text(details) if sweep.policy else "",
    }


def _sweep_text(sweep: Sweep) -> str:
    """Return `Grid: --lr 3e-4, 6e-4; --seed 1 to 5`."""
    values = "; ".join(
        f"{name} {_values_text(each)}" for name, each in sweep.space.items()
    )
    kind = {
        Sampling.GRID: _("Grid"),
        Sampling.RANDOM: _("Random sample"),
        Sampling.BAYESIAN: _("Bayesian sample"),
    }[Sampling(sweep.sampling)]
    text = f"{kind}: {values}"
    if sweep.sampling != Sampling.GRID and sweep.seed is not None:
        text = _("%(sweep)s; seed %(seed)s") % {"sweep": text, "seed": sweep.seed}
    if sweep.at_once is None:
        return text
    return _("%(sweep)s; %(n)s at the same time") % {"sweep": text, "n": sweep.at_once}


def _values_text(values: Any) -> str:
    if distribution_of(values) is not None:
        return values_text(values)
    if isinstance(values, dict):
        return _("%(from)s to %(to)s") % values
    return ", ".join(map(str, values))


def _policy_name(policy: dict[str, Any]) -> str:
    if policy["type"] == MEDIAN:
        return pgettext("early stopping of a sweep", "Median")
    if policy["type"] == BANDIT:
        return pgettext("early stopping of a sweep", "Bandit")
    return pgettext("early stopping of a sweep", "Truncation")


def _policy_settings(policy: dict[str, Any]) -> str:
    return policy_text(policy).partition(" ")[2]


def _stopped_text(details: SweepDetails) -> str:
    return _("%(n)s of %(all)s runs stopped") % {
        "n": grouped(details.stopped),
        "all": grouped(details.sweep.proposed),
    }
