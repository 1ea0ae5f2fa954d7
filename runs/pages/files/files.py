"""The tab *Outputs + logs* of the run page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import quote

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from runs.access import Permission, access
from runs.models import File, LoggedModel, Run
from runs.pages.files.downloads import stored_content
from runs.pages.files.log_view import read_log_view
from runs.pages.files.open_files import FileRef, OpenFiles
from runs.pages.files.overlays import other_images
from runs.pages.files.tree import file_tree
from runs.pages.previews import FileContent, file_viewer_context
from runs.pages.requests import PageRequest
from runs.pages.run_shell import (
    empty_state_of,
    find_run_head,
    is_page_unchanged,
    page_etag,
    page_not_modified,
    show_run_tab,
)
from runs.render.formats import run_path
from runs.search.files import RunFiles, find_file, find_log, list_files, size_of_files


@access(Permission.READ)
@require_safe
def files_tab(request: PageRequest, run_id: str) -> HttpResponse:
    head = find_run_head(request, run_id)
    etag = page_etag(request, head)
    if is_page_unchanged(request, etag):
        return page_not_modified(etag)
    base = run_path(request.workspace.name, run_id)
    files = list_files(head.run)
    state = OpenFiles.parse(f"{base}files/", request.GET)
    file = _shown_file(request, head.run, state, files)
    if file is not None:
        state = state.choose(_ref_of(file, files.models))
    has_files = bool(files.all) or not files.is_whole
    context = {
        "has_files": has_files,
        "nothing": None if has_files else empty_state_of("files", head.run),
        "tree": file_tree(head, state, files),
        "file_tabs": state.all_tabs(),
        "open_files": state,
        "total_size": size_of_files(head.run, files.models) if has_files else 0,
    }
    if file is not None:
        read_log = partial(read_log_view, request, head.run, file, state)
        content = replace(stored_content(file), read_log=read_log)
        context |= _chosen_file_context(request, file, content, files, state)
    return show_run_tab(request, head, "files", etag, context)


def _shown_file(
    request: PageRequest, run: Run, state: OpenFiles, files: RunFiles
) -> File | None:
    """Return the file in the address, else a log, else the first file."""
    if state.chosen is not None:
        return find_file(run, state.chosen.path, state.chosen.model_id)
    model_id = request.GET.get("model", "")
    if model_id:
        # This file describes the model, and every model of MLflow has one.
        return find_file(run, "MLmodel", model_id)
    # The reader closed all tabs.
    if "open" in request.GET:
        return None
    return find_log(run) or next(iter([*files.own, *files.all]), None)


def _ref_of(file: File, models: Sequence[LoggedModel]) -> FileRef:
    ids = {model.pk: model.model_id for model in models}
    return FileRef(file.path, ids.get(file.model_id or 0, ""))


def _chosen_file_context(
    request: PageRequest,
    file: File,
    content: FileContent,
    files: RunFiles,
    state: OpenFiles,
) -> dict[str, Any]:
    base = state.base.removesuffix("files/")
    model = next((m for m in files.models if m.pk == file.model_id), None)
    home = f"models/{quote(model.model_id)}/" if model else "files/raw/"
    return {
        "file": file,
        "model": model,
        "folder_archive_href": _folder_archive_href(base, file, model),
        "delete_href": f"{state.base}delete/",
        **file_viewer_context(
            request,
            content,
            state.href,
            f"{base}{home}{quote(file.path)}",
            other_images(files.own, file, base),
        ),
    }


def _folder_archive_href(base: str, file: File, model: LoggedModel | None) -> str:
    """The address of the file's folder as a zip; empty for a file at the top."""
    if not file.folder:
        return ""
    model_query = f"model={quote(model.model_id)}&" if model else ""
    return f"{base}files/all.zip?{model_query}folder={quote(file.folder)}"
