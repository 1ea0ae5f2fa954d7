"""A run's files and those of the models that it wrote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from runs.models import File, LoggedModel, Run, path_key
from runs.search.run import list_models
from studio.core import names
from studio.core.errors import NotFound

#: More files than this are not all listed.
MAX_LISTED = 5000


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
    """Two queries, whatever there is."""
    models = list_models(run)
    rows = current_files().filter(Q(run=run) | Q(model__in=models))
    found = list(rows.order_by("folder", "name")[: MAX_LISTED + 1])
    shown = found[:MAX_LISTED]
    by_model = [
        tuple(file for file in shown if file.model_id == model.pk) for model in models
    ]
    own = tuple(file for file in shown if file.run_id == run.pk)
    whole = len(found) <= MAX_LISTED
    return RunFiles(own, tuple(models), tuple(by_model), whole)


def iterate_files(run: Run) -> Sequence[tuple[str, File]]:
    """Every file with its path in an archive of the whole run."""
    models = {model.pk: model for model in list_models(run)}
    rows = current_files().filter(Q(run=run) | Q(model__in=list(models)))
    return [(_archived_path(file, models), file) for file in rows.order_by("pk")]


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
