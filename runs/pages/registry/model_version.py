"""The page of one version: its run, metrics, data, signature, packages and files."""

from __future__ import annotations

import re
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from runs.access import Permission, access
from runs.models import Dataset, ModelVersion
from runs.pages.descriptions import render_description
from runs.pages.files import send_archive, send_stored_file
from runs.pages.registry.model_comparison import flavor_names
from runs.pages.registry.model_shell import (
    find_page_model,
    frame_context,
    run_href,
    version_path,
)
from runs.pages.registry.model_table import alias_chip
from runs.pages.requests import PageRequest
from runs.render.formats import dataset_path, logged_model_path
from runs.render.metrics import DisplayValue, display_value
from runs.search.registry import (
    all_version_files,
    datasets_by_version,
    find_version,
    find_version_file,
    list_version_files,
    list_version_tags,
    read_documents,
    read_metric_values,
    runs_that_read_versions,
)
from studio.core.names import is_system_metric

#: Runs that read the version; the lineage has more.
MAX_USERS = 50


@access(Permission.READ)
@require_safe
def version_page(request: PageRequest, name: str, number: int) -> HttpResponse:
    version = find_version(find_page_model(request, name), number)
    return render(request, "registry/version.html", version_context(request, version))


def version_context(request: PageRequest, version: ModelVersion) -> dict[str, Any]:
    documents = read_documents([version])[version.pk]
    aliases = version.aliases.order_by("name").select_related("moved_by")
    users = runs_that_read_versions(ModelVersion.objects.filter(pk=version.pk))
    return {
        **frame_context(request, version.model),
        "version": version,
        "version_path": version_path(version),
        "aliases": [(alias_chip(each), each) for each in aliases],
        "run_href": run_href(request, version.run) if version.run else "",
        "metrics": _metric_rows(version),
        "datasets": _datasets(version),
        "logged_model_href": _logged_model_href(version),
        "description": documents.description,
        "flavors": flavor_names(documents, version),
        "dependencies": sorted(documents.dependencies.items()),
        "dependencies_file": documents.dependencies_file,
        "files": list_version_files(version),
        "about": render_description(request, version.description, version.run),
        "tags": list_version_tags(version),
        "tags_path": f"{version_path(version)}tags/",
        "users": [
            (run, run_href(request, run)) for run in users.order_by("-pk")[:MAX_USERS]
        ],
    }


def _datasets(version: ModelVersion) -> list[tuple[Dataset, str]]:
    found = datasets_by_version([version]).get(version.pk, {}).values()
    workspace = version.model.workspace.name
    return [(each, dataset_path(workspace, each.pk)) for each in found]


def _logged_model_href(version: ModelVersion) -> str:
    if version.logged_model is None:
        return ""
    workspace = version.model.workspace.name
    return logged_model_path(workspace, version.logged_model.model_id)


def _metric_rows(version: ModelVersion) -> list[tuple[str, DisplayValue]]:
    values = read_metric_values([version]).get(version.pk, {})
    names = sorted(values, key=lambda name: (is_system_metric(name), name))
    return [(name, display_value(values[name])) for name in names]


@access(Permission.READ)
@require_safe
def version_file(
    request: PageRequest, name: str, number: int, path: str
) -> HttpResponseBase:
    version = find_version(find_page_model(request, name), number)
    return send_stored_file(request, find_version_file(version, path))


@access(Permission.READ)
@require_safe
def download_version(request: PageRequest, name: str, number: int) -> HttpResponseBase:
    """Send all files of the version as a zip, which is built while it is sent."""
    version = find_version(find_page_model(request, name), number)
    files = [(each.path, each.file) for each in all_version_files(version)]
    file_name = re.sub(r"[^\w.-]+", "_", version.model.name)
    return send_archive(request, f"{file_name}-{version.number}.zip", files)
