"""The tree of files next to the viewer: whole if it is small, else by levels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from runs.access import Permission, access
from runs.models import File, LoggedModel, Run
from runs.pages.files.open_files import FileRef, OpenFiles
from runs.pages.requests import PageRequest
from runs.pages.run_shell import find_run_head
from runs.render.files import TreeFile, TreeFolder, build_tree
from runs.render.formats import run_path
from runs.search.files import (
    FileHome,
    RunFiles,
    TreeLevel,
    find_paths,
    list_folders,
    list_level,
)
from runs.search.run import RunHead, list_models
from studio.core import names
from studio.core.errors import NotFound

#: An address can open this many levels of folders.
MAX_LEVELS = 24


@dataclass(frozen=True)
class ModelTree:
    model: LoggedModel
    tree: TreeFolder


@dataclass(frozen=True)
class FileTree:
    """Trees of the run and of its models; or the files that a search found."""

    own: TreeFolder | None = None
    models: tuple[ModelTree, ...] = ()
    found: tuple[TreeFile, ...] | None = None
    has_more: bool = False


@dataclass(frozen=True)
class TreeLinks:
    """Makes the entries of the tree."""

    state: OpenFiles
    run: Run

    def leaf(self, file: File, model_id: str) -> TreeFile:
        ref = FileRef(file.path, model_id)
        return TreeFile(
            file.name,
            file.path,
            file.size,
            self.state.file_href(ref),
            ref == self.state.chosen,
            # A log that can still grow.
            not file.sha256 and self.run.state.is_active,
            str(ref),
        )

    def closed_folder(self, name: str, ref: FileRef) -> TreeFolder:
        return TreeFolder(
            name,
            ref=str(ref),
            href=self.state.folder_href(ref),
            level_href=f"{self.state.base}tree/?folder={quote(str(ref))}",
        )


def file_tree(head: RunHead, state: OpenFiles, files: RunFiles) -> FileTree:
    """Build the tree; with `files.is_whole` from these files, else by levels."""
    links = TreeLinks(state, head.run)
    if state.find:
        return _found_files(links, head.run, files.models)
    if files.is_whole:
        models = zip(files.models, files.of_models, strict=True)
        return FileTree(
            build_tree(links.leaf(file, "") for file in files.own),
            tuple(
                ModelTree(model, _model_tree(links, model, of_model, len(files.models)))
                for model, of_model in models
                if of_model
            ),
        )
    return _levels(links, head.run, files.models)


def _model_tree(
    links: TreeLinks, model: LoggedModel, files: Sequence[File], count: int
) -> TreeFolder:
    tree = build_tree(links.leaf(file, model.model_id) for file in files)
    chosen = links.state.chosen
    tree.open = count == 1 or bool(chosen and chosen.model_id == model.model_id)
    return tree


def _levels(links: TreeLinks, run: Run, models: Sequence[LoggedModel]) -> FileTree:
    """Load only the folders that are open. Two queries for each."""
    homes: dict[str, FileHome] = {"": run, **{each.model_id: each for each in models}}
    roots = {
        model_id: links.closed_folder("", FileRef("", model_id)) for model_id in homes
    }
    for ref in _open_folders(links.state):
        if ref.model_id in roots:
            load_folder(links, roots[ref.model_id], homes[ref.model_id], ref)
    return FileTree(
        roots[""], tuple(ModelTree(each, roots[each.model_id]) for each in models)
    )


def _open_folders(state: OpenFiles) -> list[FileRef]:
    """Every folder that is open, each after the one that it is in."""
    chosen = state.chosen.parents() if state.chosen else []
    named = [ref for each in state.folders for ref in [*each.parents(), each]]
    # The top folder of the run is always open.
    every = dict.fromkeys([FileRef(""), *chosen, *named])
    return list(every)[:MAX_LEVELS]


def load_folder(
    links: TreeLinks, root: TreeFolder, home: FileHome, ref: FileRef
) -> None:
    """Put the level of a folder into the tree below `root`."""
    here = root
    for part in filter(None, ref.path.split("/")):
        # It is beyond what its level shows.
        if part not in here.folders:
            child = f"{here.ref.rstrip('/')}/{part}" if here.ref else part
            here.folders[part] = links.closed_folder(part, FileRef.parse(child))
        here = here.folders[part]
    folders = links.state.folders
    is_last = bool(folders) and ref == folders[-1]
    fill_folder(
        links,
        here,
        home,
        ref,
        start=links.state.start if is_last else "",
        after=links.state.after if is_last else "",
    )


def fill_folder(
    links: TreeLinks,
    here: TreeFolder,
    home: FileHome,
    ref: FileRef,
    *,
    start: str = "",
    after: str = "",
) -> None:
    """Put files from `start` on into the folder, or folders from `after` on, or both
    from their beginning.
    """
    if after and not start:
        folders, next_folder = list_folders(home, ref.path, after=after)
        level = TreeLevel(ref.path, folders, (), next_folder=next_folder)
    else:
        level = list_level(home, ref.path, start=start)
    here.open, here.href = True, ""
    for name in level.folders:
        path = f"{ref.path}/{name}" if ref.path else name
        here.folders.setdefault(
            name, links.closed_folder(name, FileRef(path, ref.model_id))
        )
    here.leaves += [links.leaf(file, ref.model_id) for file in level.files]
    fragment = f"{links.state.base}tree/?folder={quote(str(ref))}"
    if level.next_folder:
        more = f"&after={quote(level.next_folder)}"
        here.folders_page = links.state.folder_href(ref) + more
        here.folders_href = fragment + more
    if level.next_name:
        more = f"&start={quote(level.next_name)}"
        here.href = links.state.folder_href(ref) + more
        here.more_href = fragment + more


def _found_files(links: TreeLinks, run: Run, models: Sequence[LoggedModel]) -> FileTree:
    ids = {model.pk: model.model_id for model in models}
    files, has_more = find_paths([run, *models], links.state.find)
    found = tuple(links.leaf(file, ids.get(file.model_id or 0, "")) for file in files)
    return FileTree(found=found, has_more=has_more)


@access(Permission.READ)
@require_safe
def tree_level(request: PageRequest, run_id: str) -> HttpResponse:
    """Show one folder of the tree.

    With `start` it is more of its files, and with `after` more of its folders.
    """
    head = find_run_head(request, run_id)
    ref = FileRef.parse(request.GET.get("folder", ""))
    if ref.path:
        names.check_path(ref.path, "folder")
    start, after = request.GET.get("start", ""), request.GET.get("after", "")
    base = f"{run_path(request.workspace.name, run_id)}files/"
    links = TreeLinks(OpenFiles(base), head.run)
    folder = links.closed_folder(ref.name, ref)
    home = _home_of(head.run, ref)
    fill_folder(links, folder, home, ref, start=start, after=after)
    context: dict[str, Any] = {"folder": folder, "is_more": bool(start or after)}
    return render(request, "files/_tree_level.html", context)


def _home_of(run: Run, ref: FileRef) -> FileHome:
    if not ref.model_id:
        return run
    for model in list_models(run):
        if model.model_id == ref.model_id:
            return model
    text = _("This run has no model %(model_id)s.") % {"model_id": ref.model_id}
    raise NotFound(text, model_id=ref.model_id)
