"""Which list a part of it (completion, editors, facets) was asked for.

The parts live at `/w/<workspace>/list/<part>/` and take the query string of the list;
`in` names the experiment by its number (`in=3`) or the run whose children are listed
(`in=run.<id>`), and is missing for All runs.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from runs.models import Experiment
from runs.pages.requests.page_request import PageRequest
from runs.render.text.addresses import experiment_path, run_path
from studio.core.filters.filter_text import FilterText
from studio.core.filters.tree import Comparison, Text, attribute
from studio.core.viewspec import ViewSpec

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
    def parent(self) -> str:
        """The id of the run whose children are listed, or nothing."""
        return self.number.removeprefix(RUN) if self.number.startswith(RUN) else ""

    @property
    def q(self) -> FilterText:
        """What its filter says of itself, though nobody wrote it."""
        return FilterText.of_tree(children_of(self.parent) if self.parent else None)

    def at(self, spec: ViewSpec) -> str:
        """The address of the list in that state."""
        query = spec.to_query()
        return self.path + (f"?{query}" if query else "")


def children_of(run_id: str) -> Comparison:
    """The term that runs are children of that run."""
    return Comparison(attribute("parent"), "=", (Text(run_id),))


def find_experiment(request: PageRequest, slug: str) -> Experiment:
    """The experiment that a path names, by its name or as `~<id>`; else a 404."""
    visible = Experiment.objects.visible_to(request.actor.user).active()
    here = visible.filter(workspace=request.workspace)
    if not slug.startswith("~"):
        return get_object_or_404(here, name=slug)
    number = slug[1:]
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        raise Http404(slug)
    return get_object_or_404(here, number=int(number))


def scope_of(request: PageRequest) -> ListScope:
    """The list that the request's `in` names; Http404 for an unknown experiment."""
    return scope_named(request, request.GET.get("in", ""))


def scope_named(request: PageRequest, said: str) -> ListScope:
    """The list that `said` names; Http404 for an unknown experiment."""
    workspace = request.workspace.name
    if not said or said.startswith(RUN):
        return scope_at(workspace, None, said)
    return scope_at(workspace, find_experiment(request, f"~{said}"), said)


def scope_at(workspace: str, experiment: Experiment | None, said: str) -> ListScope:
    """The list of that experiment; without one, as `said` says."""
    if experiment is not None:
        path = experiment_path(workspace, experiment.number, experiment.name)
        return ListScope(experiment, path, number_of(experiment))
    if said.startswith(RUN):
        run_id = said.removeprefix(RUN)
        return ListScope(None, f"{run_path(workspace, run_id)}children/", said)
    return ListScope(None, f"/w/{workspace}/runs/")


def number_of(experiment: Experiment | None) -> str:
    """What `in` says of the list of an experiment, or of All runs."""
    return "" if experiment is None else str(experiment.number)
