"""Which list a part of it (completion, editors, facets) was asked for.

The parts live at `/w/<workspace>/list/<part>/` and take the query string of the list;
`in` names the experiment by its number (`in=3`), and is missing for All runs.
"""

from __future__ import annotations

from dataclasses import dataclass

from runs.models import Experiment
from runs.pages.experiments import find_experiment
from runs.pages.members_only import PageRequest
from runs.render.addresses import experiment_path


@dataclass(frozen=True)
class ListScope:
    """`path` is the list's own address, without a query string."""

    experiment: Experiment | None
    path: str

    @property
    def number(self) -> str:
        """What `in` says."""
        return number_of(self.experiment)


def scope_of(request: PageRequest) -> ListScope:
    """The list that the request's `in` names; Http404 for an unknown experiment."""
    number = request.GET.get("in", "")
    workspace = request.workspace.name
    if not number:
        return ListScope(None, f"/w/{workspace}/runs/")
    experiment = find_experiment(request, f"~{number}")
    return ListScope(
        experiment, experiment_path(workspace, experiment.number, experiment.name)
    )


def number_of(experiment: Experiment | None) -> str:
    """What `in` says of a list."""
    return "" if experiment is None else str(experiment.number)
