"""The page of one dataset."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from runs.access import Permission, access
from runs.models import Dataset, LoggedModel, RunDataset
from runs.pages.lineage import lineage_context
from runs.pages.logged_models import counted_text
from runs.pages.requests import PageRequest
from runs.render.datasets import read_profile, read_schema
from runs.render.formats import experiment_path, logged_model_path, run_path
from runs.render.run import dataset_source_address
from runs.search.datasets import find_dataset, list_models_of, list_uses
from studio.core.filters import to_text
from studio.core.filters.tree import DATASETS, And, Comparison, Field, Text


@dataclass(frozen=True)
class UseLine:
    use: RunDataset
    href: str


@dataclass(frozen=True)
class ModelLine:
    """A model with its page and the page of its run."""

    model: LoggedModel
    href: str
    run_href: str


@access(Permission.READ)
@require_safe
def dataset_page(request: PageRequest, number: int) -> HttpResponse:
    dataset = find_dataset(request.workspace, number)
    workspace, experiment = request.workspace.name, dataset.experiment
    uses = list_uses(dataset)
    context = {
        "dataset": dataset,
        "source": dataset_source_address(dataset.source),
        "experiment_href": experiment_path(
            workspace, experiment.number, experiment.name
        ),
        "schema": read_schema(dataset.schema),
        "profile": read_profile(dataset.profile),
        "uses": [
            UseLine(use, run_path(workspace, use.run.run_id)) for use in uses.uses
        ],
        "uses_total": uses.total,
        "uses_count": counted_text(uses.total),
        "all_runs_href": f"/w/{workspace}/runs/?{_runs_query(dataset)}",
        "models": [
            ModelLine(
                model,
                logged_model_path(workspace, model.model_id),
                run_path(workspace, run.run_id),
            )
            for model, run in list_models_of(uses)
        ],
        **lineage_context(request.workspace, datasets=[dataset.pk]),
    }
    return render(request, "datasets/dataset.html", context)


def _runs_query(dataset: Dataset) -> str:
    """The query of the list of all runs that read a dataset of this name and digest."""
    terms = [
        Comparison(Field(DATASETS, key), "=", (Text(value),))
        for key, value in (("name", dataset.name), ("digest", dataset.digest))
    ]
    return urlencode({"q": to_text(And(tuple(terms))), "children": "1"})
