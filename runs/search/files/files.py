"""A run's files, those of the models that it wrote, and its snapshot of sources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast
from urllib.parse import unquote

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from runs.models import (
    File,
    FileTotal,
    LoggedModel,
    Run,
    RunSnapshot,
    Snapshot,
    in_folder,
    path_key,
)
from runs.models.functions import PathOrder
from runs.search.run import list_models
from studio.core import names
from studio.core.errors import NotFound

#: A tree of more files than this is read a level at a time.
MAX_WHOLE_TREE = 200


@dataclass(frozen=True)
class RunFiles:
    """`models` go with `of_models` by position; `is_whole` is false past the limit."""

    own: tuple[File, ...]
    models: tuple[LoggedModel, ...]
    of_models: tuple[tuple[File, ...], ...]
    is_whole: bool

    @property
    def all(self) -> list[File]:
        return [*self.own, *(file for files in self.of_models for file in files)]


def list_files(run: Run) -> RunFiles:
    """Three queries, whatever there is."""
    models = list_models(run)
    limit = MAX_WHOLE_TREE + 1
    # In the order of the index: the files of a large run are not sorted.
    places = (PathOrder(F("folder")), PathOrder(F("name")))
    own = list(current_files().filter(run=run).order_by(*places)[:limit])
    rows = current_files().filter(model__in=models).order_by("folder", "name")
    found = list(rows[:limit])
    by_model = [
        tuple(file for file in found if file.model_id == model.pk) for model in models
    ]
    whole = len(own) + len(found) <= MAX_WHOLE_TREE
    return RunFiles(tuple(own), tuple(models), tuple(by_model), whole)


def size_of_files(run: Run, models: Sequence[LoggedModel]) -> int:
    """Return the bytes of all current files of the run and of these models."""
    rows = FileTotal.objects.filter(Q(run=run) | Q(model__in=models))
    return sum(rows.values_list("bytes", flat=True))


def iterate_files(
    run: Run, *, folder: str = "", model_id: str = ""
) -> Sequence[tuple[str, File]]:
    """List files with their paths in an archive of the run, a model or a folder.

    Raises NotFound if the folder or the model has no files, InvalidName.
    """
    models = {
        model.pk: model
        for model in list_models(run)
        if not model_id or model.model_id == model_id
    }
    owned = Q() if model_id or folder else Q(model__in=list(models))
    owned |= Q(model__in=list(models)) if model_id else Q(run=run)
    rows = current_files().filter(owned)
    if folder:
        rows = rows.filter(in_folder(names.check_path(folder)))
    found = list(rows.defer("path_key", "sha256").order_by("pk"))
    if not found and (folder or model_id):
        raise NotFound(_("No files were found in this folder."))
    return [(_archived_path(file, models), file) for file in found]


def _archived_path(file: File, models: dict[int, LoggedModel]) -> str:
    if file.model_id is None:
        return file.path
    return f"models/{models[file.model_id].model_id}/{file.path}"


def find_file(run: Run, path: str, model_id: str = "") -> File:
    """The file of the run or of a model that it wrote; raises NotFound, InvalidName."""
    names.check_path(path)
    rows = current_files().filter(path_key=path_key(path))
    if model_id:
        written = [m for m in list_models(run) if m.model_id == model_id]
        rows = rows.filter(model__in=written)
    else:
        rows = rows.filter(run=run)
    file = rows.first()
    if file is None:
        raise NotFound(_("This run has no file %(path)s.") % {"path": path}, path=path)
    return file


def current_files() -> QuerySet[File]:
    """All but the old versions of overwritten ones."""
    return File.objects.filter(replaced__isnull=True)


#: What the value of a metric begins with whose content is a file of the run.
FILE_SCHEME = "aml://"
#: The prefix of a run's id in such an address.
RUN_PREFIX = "/dcid."


def file_path_of(value: object) -> str | None:
    """The path in the run's files that a metric's value names; None for any other.

    `aml://artifactId/ExperimentRun/dcid.<run id>/<path, quoted>`
    """
    if not isinstance(value, str) or not value.startswith(FILE_SCHEME):
        return None
    quoted = value.partition(RUN_PREFIX)[2].partition("/")[2]
    return unquote(quoted) or None


def find_files(run: Run, paths: Iterable[str]) -> dict[str, File]:
    """The run's files of those paths that are there; one query, or none."""
    keys = [path_key(path) for path in dict.fromkeys(paths)]
    if not keys:
        return {}
    found = current_files().filter(run=run, path_key__in=keys)
    return {file.path: file for file in found}


def find_files_of_runs(
    paths: Mapping[int, Iterable[str]],
) -> dict[int, dict[str, File]]:
    """Return files by the run's key and by path, of those paths that are there.

    `paths` are by the run's key. One query, or none.
    """
    keys = {run: {path_key(path) for path in own} for run, own in paths.items()}
    found: dict[int, dict[str, File]] = {run: {} for run in paths}
    every: set[bytes] = set().union(*keys.values())
    if not every:
        return found
    for file in current_files().filter(run__in=paths, path_key__in=every):
        run = cast("int", file.run_id)
        if bytes(file.path_key) in keys[run]:
            found[run][file.path] = file
    return found


def find_snapshot(run: Run) -> Snapshot | None:
    link = RunSnapshot.objects.select_related("snapshot").filter(run=run).first()
    return link.snapshot if link else None


def get_snapshot(run: Run) -> Snapshot:
    """Raises NotFound where the run has none."""
    found = find_snapshot(run)
    if found is None:
        raise NotFound(
            _("Run %(run_id)s has no snapshot.") % {"run_id": run.run_id},
            run_id=run.run_id,
        )
    return found
