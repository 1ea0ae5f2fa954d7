"""Which list a part of it (completion, editors, facets) was asked for.

The parts live at `/w/<workspace>/list/<part>/` and take the query string of the list;
`in` names the experiment by its number (`in=3`) or the run whose children are listed
(`in=run.<id>`), and is missing for All runs.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from runs.models import Experiment
from runs.pages.experiments import find_experiment
from runs.pages.members_only import PageRequest
from runs.render.addresses import experiment_path, run_path
from studio.core.filters import to_text
from studio.core.filters.tree import Comparison, Text, attribute

RUN = "run."


@dataclass(frozen=True)
class ListScope:
    """`path` is the list's own address, without a query string; `number` what `in`
    says of it."""

    experiment: Experiment | None
    path: str
    number: str = ""

    @property
    def name(self) -> str:
        """What links back to the list say."""
        if self.experiment:
            return self.experiment.name
        return _("Child runs") if self.number else _("All runs")

    @property
    def q(self) -> str:
        """What its filter says of itself, though nobody wrote it."""
        if not self.number.startswith(RUN):
            return ""
        return to_text(children_of(self.number.removeprefix(RUN)))


def children_of(run_id: str) -> Comparison:
    """The term that runs are children of that run."""
    return Comparison(attribute("parent"), "=", (Text(run_id),))


def scope_of(request: PageRequest) -> ListScope:
    """The list that the request's `in` names; Http404 for an unknown experiment."""
    number = request.GET.get("in", "")
    if not number or number.startswith(RUN):
        return scope_in(request, None)
    return scope_in(request, find_experiment(request, f"~{number}"))


def scope_in(request: PageRequest, experiment: Experiment | None) -> ListScope:
    """The list of that experiment; without one, as the request's `in` says."""
    return scope_at(request.workspace.name, experiment, request.GET.get("in", ""))


def scope_at(workspace: str, experiment: Experiment | None, said: str) -> ListScope:
    """The list of that experiment; without one, as `said` says."""
    if experiment is not None:
        path = experiment_path(workspace, experiment.number, experiment.name)
        return ListScope(experiment, path, number_of(experiment))
    if said.startswith(RUN):
        run_id = said.removeprefix(RUN)
        return ListScope(None, f"{run_path(workspace, run_id)}children/", said)
    return ListScope(None, f"/w/{workspace}/runs/")


def parent_in(request: PageRequest) -> str:
    """The id of the run whose children the request's `in` means, or nothing."""
    said = request.GET.get("in", "")
    return said.removeprefix(RUN) if said.startswith(RUN) else ""


def number_of(experiment: Experiment | None) -> str:
    """What `in` says of the list of an experiment, or of All runs."""
    return "" if experiment is None else str(experiment.number)
