"""One logged model with all that its page shows, in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from runs.models import (
    Dataset,
    Direction,
    File,
    LoggedModel,
    LoggedModelMetric,
    ModelVersion,
    Run,
    RunModel,
    Workspace,
    path_key,
)
from runs.search.logged_models.table_page import MAX_COUNTED
from studio.core import names
from studio.core.errors import NotFound

MAX_FILES = 1000
MAX_READERS = 100
MAX_VERSIONS = 100
MODEL_FILE = "MLmodel"


@dataclass(frozen=True)
class RunRows:
    """Runs, the newest first. `total` is at most MAX_COUNTED + 1."""

    runs: tuple[Run, ...]
    total: int


def find_logged_model(workspace: Workspace, model_id: str) -> LoggedModel:
    """The model of that id, unless it is in the trash; raises NotFound."""
    found = (
        LoggedModel.objects.filter(
            workspace=workspace,
            model_id=model_id,
            deleted__isnull=True,
            experiment__deleted__isnull=True,
        )
        .select_related("experiment", "source_run")
        .first()
    )
    if found is None:
        raise NotFound(
            _("No logged model %(id)s in this workspace.") % {"id": model_id},
            model_id=model_id,
        )
    return found


def list_model_metrics(model: LoggedModel) -> list[LoggedModelMetric]:
    return list(
        model.metrics.select_related("run").order_by(
            "key", "dataset_name", "dataset_digest", "-step"
        )
    )


def find_model_datasets(
    model: LoggedModel, metrics: Sequence[LoggedModelMetric]
) -> dict[tuple[str, str], int]:
    """The primary keys of the datasets of metrics, by name and digest."""
    found = Dataset.objects.filter(
        experiment=model.experiment_id,
        name__in={each.dataset_name for each in metrics if each.dataset_name},
        digest__in={each.dataset_digest for each in metrics if each.dataset_name},
    )
    rows = found.values_list("name", "digest", "pk")
    return {(name, digest): key for name, digest, key in rows}


def list_versions_of(model: LoggedModel) -> list[ModelVersion]:
    """The registered versions that point to the model, the newest first."""
    found = ModelVersion.objects.filter(logged_model=model).select_related("model")
    return list(found.order_by("-pk").prefetch_related("aliases")[:MAX_VERSIONS])


def list_readers(model: LoggedModel) -> RunRows:
    """The runs that read the model, without its own run."""
    links = RunModel.objects.filter(
        model_id=model.model_id,
        direction=Direction.INPUT,
        run__workspace=model.workspace_id,
    )
    found = Run.objects.not_deleted().filter(pk__in=links.values("run"))
    if model.source_run_id is not None:
        found = found.exclude(pk=model.source_run_id)
    total = found.order_by()[: MAX_COUNTED + 1].count()
    return RunRows(tuple(found.order_by("-pk")[:MAX_READERS]), total)


def current_model_files(model: LoggedModel) -> list[File]:
    """The model's files, at most one more than MAX_FILES."""
    rows = File.objects.filter(model=model, replaced__isnull=True)
    return list(rows.order_by("folder", "name")[: MAX_FILES + 1])


def find_model_file(model: LoggedModel, path: str) -> File:
    """Raises NotFound, and InvalidName for what is no path."""
    names.check_path(path)
    rows = File.objects.filter(model=model, replaced__isnull=True)
    file = rows.filter(path_key=path_key(path)).first()
    if file is None:
        raise NotFound(
            _("This model has no file %(path)s.") % {"path": path}, path=path
        )
    return file


def read_all_model_files(model: LoggedModel) -> Sequence[File]:
    return list(File.objects.filter(model=model, replaced__isnull=True).order_by("pk"))
