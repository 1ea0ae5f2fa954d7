"""One dataset with the runs that read it, in a fixed number of queries."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from runs.models import Dataset, LoggedModel, Run, RunDataset, Workspace
from runs.search.logged_models import MAX_COUNTED
from studio.core.errors import NotFound

MAX_USES = 100
MAX_MODELS = 100


@dataclass(frozen=True)
class DatasetUses:
    """The newest uses, each with its run. `total` is at most MAX_COUNTED + 1."""

    uses: tuple[RunDataset, ...]
    total: int


def find_dataset(workspace: Workspace, key: int) -> Dataset:
    """The dataset, unless its experiment is in the trash; raises NotFound."""
    found = (
        Dataset.objects.filter(
            pk=key, experiment__workspace=workspace, experiment__deleted__isnull=True
        )
        .select_related("experiment")
        .first()
    )
    if found is None:
        raise NotFound(_("No dataset %(id)s in this workspace.") % {"id": key})
    return found


def list_uses(dataset: Dataset) -> DatasetUses:
    """The runs that read the dataset, without those in the trash."""
    found = RunDataset.objects.filter(
        dataset=dataset,
        run__deleted__isnull=True,
        run__experiment__deleted__isnull=True,
    ).select_related("run", "run__submitter")
    total = found.order_by()[: MAX_COUNTED + 1].count()
    return DatasetUses(tuple(found.order_by("-pk")[:MAX_USES]), total)


def list_models_of(uses: DatasetUses) -> list[tuple[LoggedModel, Run]]:
    """The newest models of the runs in `uses`, each with its run."""
    found = LoggedModel.objects.filter(
        source_run__in=[use.run_id for use in uses.uses],
        deleted__isnull=True,
        experiment__deleted__isnull=True,
    )
    newest = found.select_related("source_run").order_by("-created", "-pk")
    return [
        (model, model.source_run)
        for model in newest[:MAX_MODELS]
        if model.source_run is not None
    ]
