"""The tab *Outputs + logs* of the run page, and the files themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from runs.access import Permission, access
from runs.models import File, LoggedModel
from runs.pages.files.downloads import stored_content
from runs.pages.previews import file_viewer_context
from runs.pages.requests import PageRequest
from runs.pages.run_shell import (
    empty_state_of,
    find_run_head,
    is_page_unchanged,
    page_etag,
    page_not_modified,
    show_run_tab,
)
from runs.render.files import TreeFile, TreeFolder, build_tree
from runs.render.formats import run_path
from runs.search.files import LOG_PATHS, RunFiles, find_file, list_files

#: The entry of a run's archive that names files without content.
MISSING_LIST = "MISSING_FILES.txt"


@access(Permission.READ)
@require_safe
def files_tab(request: PageRequest, run_id: str) -> HttpResponse:
    head = find_run_head(request, run_id)
    etag = page_etag(request, head)
    if is_page_unchanged(request, etag):
        return page_not_modified(etag)
    found = list_files(head.run)
    path, model_id = request.GET.get("path", ""), request.GET.get("model", "")
    base = run_path(request.workspace.name, run_id)
    chosen = _choose_file(found, path, model_id)
    # The list is limited: a file beyond it can still be opened by its address.
    if chosen is None and path:
        chosen = find_file(head.run, path, model_id)
    context = {
        "found": found,
        "nothing": None if found.all else empty_state_of("files", head.run),
        "tree": _file_tree(found.own, base, chosen, None),
        "model_trees": [
            (model, _file_tree(of_model, base, chosen, model))
            for model, of_model in zip(found.models, found.of_models, strict=True)
        ],
        "total_size": sum(file.size for file in found.all),
        **(_chosen_file_context(request, chosen, base, found) if chosen else {}),
    }
    return show_run_tab(request, head, "files", etag, context)


def _choose_file(run_files: RunFiles, path: str, model_id: str) -> File | None:
    """Return the file in the address, else a log, else the first file."""
    if model_id:
        of_models = zip(run_files.models, run_files.of_models, strict=True)
        model_files = next((f for m, f in of_models if m.model_id == model_id), ())
        # This file describes the model, and every model of MLflow has one.
        wanted = (path,) if path else ("MLmodel",)
        return _first_of_paths(model_files, wanted) or (
            None if path else next(iter(model_files), None)
        )
    if path:
        return _first_of_paths(run_files.own, (path,))
    if run_files.own:
        return _first_of_paths(run_files.own, LOG_PATHS) or run_files.own[0]
    return next(iter(run_files.all), None)


def _first_of_paths(files: Sequence[File], paths: Sequence[str]) -> File | None:
    by_path = {file.path: file for file in files}
    return next((by_path[path] for path in paths if path in by_path), None)


def _file_tree(
    files: Sequence[File], base: str, chosen: File | None, model: LoggedModel | None
) -> TreeFolder:
    model_query = f"model={quote(model.model_id)}&" if model else ""
    return build_tree(
        TreeFile(
            file.name,
            file.path,
            file.size,
            f"{base}files/?{model_query}path={quote(file.path)}",
            chosen is not None and file.pk == chosen.pk,
        )
        for file in files
    )


def _chosen_file_context(
    request: PageRequest, file: File, base: str, run_files: RunFiles
) -> dict[str, Any]:
    model = next((m for m in run_files.models if m.pk == file.model_id), None)
    model_query = f"model={quote(model.model_id)}&" if model else ""
    here = f"{base}files/?{model_query}path={quote(file.path)}"
    home = f"models/{quote(model.model_id)}/" if model else "files/raw/"
    return {
        "file": file,
        "model": model,
        **file_viewer_context(
            request, stored_content(file), here, f"{base}{home}{quote(file.path)}"
        ),
    }
