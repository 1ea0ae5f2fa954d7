"""The page of one logged model, and its files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from runs.access import Permission, access
from runs.models import File, LoggedModel, LoggedModelMetric, ModelVersion, Run
from runs.pages.files import send_archive, send_stored_file, stored_content
from runs.pages.lineage import lineage_context
from runs.pages.logged_models.model_list import metric_text
from runs.pages.logged_models.table_state import counted_text
from runs.pages.previews import file_viewer_context
from runs.pages.requests import PageRequest
from runs.render.files import TreeFile, build_tree
from runs.render.formats import (
    dataset_path,
    experiment_path,
    logged_model_path,
    model_version_path,
    registered_model_path,
    run_path,
)
from runs.render.logged_models import model_status_label
from runs.render.registry import MAX_MLMODEL_BYTES, parse_model_description
from runs.search.logged_models import (
    MAX_FILES,
    MODEL_FILE,
    current_model_files,
    find_logged_model,
    find_model_datasets,
    find_model_file,
    list_model_metrics,
    list_readers,
    list_versions_of,
    read_all_model_files,
)
from runs.search.run import SYSTEM_TAG_PREFIX
from runs.storage.files import files as file_store
from studio.core.errors import MissingBytes


@dataclass(frozen=True)
class RunLink:
    run: Run
    href: str


@dataclass(frozen=True)
class MetricLine:
    """`dataset_href` and `run` are empty for a metric without them."""

    metric: LoggedModelMetric
    text: str
    dataset_href: str
    run: RunLink | None


@dataclass(frozen=True)
class VersionLine:
    version: ModelVersion
    href: str
    model_href: str


@dataclass(frozen=True)
class ModelTab:
    name: str
    label: str
    href: str
    count: int | None = None


@access(Permission.READ)
@require_safe
def logged_model_page(request: PageRequest, model_id: str) -> HttpResponse:
    model = find_logged_model(request.workspace, model_id)
    workspace = request.workspace.name
    readers = list_readers(model)
    files, tags = current_model_files(model), list(model.tags.order_by("key"))
    context = {
        **_shell_context(request, model, "details", files),
        **_signature_context(files),
        "params": model.params.order_by("key"),
        "tags": [tag for tag in tags if not tag.key.startswith(SYSTEM_TAG_PREFIX)],
        "system_tags": [tag for tag in tags if tag.key.startswith(SYSTEM_TAG_PREFIX)],
        "metrics": _metric_lines(model, workspace),
        "versions": _version_lines(model, workspace),
        "readers": [_run_link(workspace, run) for run in readers.runs],
        "readers_total": readers.total,
        "readers_count": counted_text(readers.total),
        **lineage_context(request.workspace, models=[model.pk]),
    }
    return render(request, "logged_models/logged_model.html", context)


def _shell_context(
    request: PageRequest, model: LoggedModel, tab: str, files: Sequence[File]
) -> dict[str, Any]:
    workspace, run = request.workspace.name, model.source_run
    experiment = model.experiment
    path = logged_model_path(workspace, model.model_id)
    tabs = [
        ModelTab("details", _("Details"), path),
        ModelTab("files", _("Files"), f"{path}files/", len(files)),
    ]
    return {
        "model": model,
        "path": path,
        "tab": tab,
        "tabs": tabs,
        "has_files": bool(files),
        "status": model_status_label(model.status),
        "run": _run_link(workspace, run) if run and run.deleted is None else None,
        "experiment_href": experiment_path(
            workspace, experiment.number, experiment.name
        ),
        "load_snippet": f'mlflow.pyfunc.load_model("models:/{model.model_id}")',
    }


def _signature_context(files: Sequence[File]) -> dict[str, Any]:
    """Read the file MLmodel, if the model has one."""
    file = next((each for each in files if each.path == MODEL_FILE), None)
    if file is None or file.size > MAX_MLMODEL_BYTES:
        return {}
    try:
        with file_store.open(file.blob, file.size) as handle:
            text = handle.read(MAX_MLMODEL_BYTES).decode(errors="replace")
    except MissingBytes:
        return {}
    found = parse_model_description(text)
    parts = [
        (pgettext("signature of a model", "Inputs"), found.inputs),
        (pgettext("signature of a model", "Outputs"), found.outputs),
        (pgettext("signature of a model", "Parameters"), found.params),
    ]
    return {"description": found, "signature": parts}


def _run_link(workspace: str, run: Run) -> RunLink:
    return RunLink(run, run_path(workspace, run.run_id))


def _metric_lines(model: LoggedModel, workspace: str) -> list[MetricLine]:
    metrics = list_model_metrics(model)
    datasets = find_model_datasets(model, metrics)
    lines = []
    for metric in metrics:
        key = datasets.get((metric.dataset_name, metric.dataset_digest))
        href = dataset_path(workspace, key) if key else ""
        # Most metrics are of the run that wrote the model.
        is_other = metric.run_id != model.source_run_id
        run = _run_link(workspace, metric.run) if is_other else None
        lines.append(MetricLine(metric, metric_text(metric), href, run))
    return lines


def _version_lines(model: LoggedModel, workspace: str) -> list[VersionLine]:
    return [
        VersionLine(
            version,
            model_version_path(workspace, version.model.name, version.number),
            registered_model_path(workspace, version.model.name),
        )
        for version in list_versions_of(model)
    ]


@access(Permission.READ)
@require_safe
def logged_model_files(request: PageRequest, model_id: str) -> HttpResponse:
    model = find_logged_model(request.workspace, model_id)
    files = current_model_files(model)
    path = request.GET.get("path", "")
    chosen = _choose_file(model, files, path)
    context = _shell_context(request, model, "files", files)
    base = f"{context['path']}files/"
    shown = files[:MAX_FILES]
    context |= {
        "tree": build_tree(_tree_file(each, base, chosen) for each in shown),
        "file": chosen,
        "files": shown,
        "is_whole": len(files) <= MAX_FILES,
        "total_size": sum(each.size for each in shown),
        **(_viewer_context(request, chosen, base) if chosen else {}),
    }
    return render(request, "logged_models/logged_model_files.html", context)


def _choose_file(model: LoggedModel, files: Sequence[File], path: str) -> File | None:
    """Return the file in the address, else the description, else the first file."""
    if path:
        return find_model_file(model, path)
    described = (each for each in files if each.path == MODEL_FILE)
    return next(described, next(iter(files), None))


def _tree_file(file: File, base: str, chosen: File | None) -> TreeFile:
    href = f"{base}?path={quote(file.path)}"
    is_chosen = chosen is not None and file.pk == chosen.pk
    return TreeFile(file.name, file.path, file.size, href, is_chosen)


def _viewer_context(request: PageRequest, file: File, base: str) -> dict[str, Any]:
    here, raw = f"{base}?path={quote(file.path)}", f"{base}raw/{quote(file.path)}"
    return file_viewer_context(request, stored_content(file), here, raw)


@access(Permission.READ)
@require_safe
def raw_logged_model_file(
    request: PageRequest, model_id: str, path: str
) -> HttpResponseBase:
    model = find_logged_model(request.workspace, model_id)
    return send_stored_file(request, find_model_file(model, path))


@access(Permission.READ)
@require_safe
def download_model_files(request: PageRequest, model_id: str) -> HttpResponseBase:
    """Send all files of the model as a zip."""
    model = find_logged_model(request.workspace, model_id)
    files = [(file.path, file) for file in read_all_model_files(model)]
    return send_archive(request, f"{model.model_id}.zip", files)
