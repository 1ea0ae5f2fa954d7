"""The list of all datasets of a workspace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from runs.access import Permission, access
from runs.models import Dataset, now_ms
from runs.pages.logged_models import (
    TableState,
    column_head,
    read_table_state,
    show_table,
    table_context,
)
from runs.pages.requests import PageRequest
from runs.render.formats import dataset_path, experiment_path
from runs.search.datasets import DEFAULT_SORT, DatasetUsage, find_datasets


@dataclass(frozen=True)
class DatasetLine:
    dataset: Dataset
    href: str
    experiment_href: str
    usage: DatasetUsage


@access(Permission.READ)
@require_safe
# One address has the page and its fragment.
@vary_on_headers("HX-Request")
def datasets_page(request: PageRequest) -> HttpResponse:
    return show_table(
        request,
        read_table_state(request.GET.dict(), DEFAULT_SORT),
        lambda state: _list_context(request, state),
        page="datasets/datasets.html",
        part="datasets/_dataset_table.html",
    )


def _list_context(request: PageRequest, state: TableState) -> dict[str, Any]:
    found = find_datasets(request.workspace, state.table_query, now=now_ms())
    workspace = request.workspace.name
    lines = [
        DatasetLine(
            dataset,
            dataset_path(workspace, dataset.pk),
            experiment_path(
                workspace, dataset.experiment.number, dataset.experiment.name
            ),
            found.usage.get(dataset.pk, DatasetUsage()),
        )
        for dataset in found.page.rows
    ]
    heads = [
        column_head(state, _("Name"), "name", sort="name"),
        column_head(state, pgettext("dataset", "Digest")),
        column_head(state, pgettext("dataset", "Source type"), sort="type"),
        column_head(state, _("Experiment")),
        column_head(state, pgettext("dataset", "Used for")),
        column_head(state, _("Runs"), "number"),
    ]
    return {**table_context(state, found.page, lines), "heads": heads}
