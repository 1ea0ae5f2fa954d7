"""What the source of a model version names: files of a run, or of a logged model.

This is the only place that reads a source. Accepted are `runs:/RUN/PATH`,
`mlflow-artifacts:/EXPERIMENT/RUN/artifacts/PATH`, `models:/m-…`,
`mlflow-artifacts:/EXPERIMENT/models/m-…/artifacts/PATH`, `models:/NAME/3` and
`models:/NAME@alias`. A path is never decoded: it is compared with the paths of files.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from urllib.parse import unquote

from django.utils.translation import gettext as _

from runs.models import LoggedModel, Run, Workspace
from runs.search.registry.lookups import version_by_reference
from studio.core import names
from studio.core.errors import InvalidName, InvalidState, InvalidValue

_HOST = r"(?:/(?P<host>/[^/]*))?"
_RUN = r"(?P<run>[A-Za-z0-9][\w-]*)"
_MODEL = r"(?P<model>m-[\w-]+)"
_PATH = r"(?:/(?P<path>.*))?"
_FORMS = [
    re.compile(form, re.ASCII)
    for form in (
        rf"runs:/{_RUN}{_PATH}",
        rf"mlflow-artifacts:{_HOST}/\d+/models/{_MODEL}/artifacts{_PATH}",
        rf"mlflow-artifacts:{_HOST}/\d+/{_RUN}/artifacts{_PATH}",
        rf"models:/{_MODEL}",
        r"models:/(?P<name>[^/]+)/(?P<reference>[^/]+)",
        r"models:/(?P<name>[^/]+)@(?P<alias>[^/@]+)",
    )
]
#: More rounds of decoding than a path needs that means what it shows.
_MAX_DECODINGS = 4


@dataclass(frozen=True)
class VersionSource:
    """Files of a logged model or of a run; `path` is empty for all of them.

    `text` is the source as it is stored, `run` the run that wrote the model.
    """

    text: str
    path: str = ""
    logged_model: LoggedModel | None = None
    files_run: Run | None = None
    run: Run | None = None


def resolve_source(
    workspace: Workspace,
    text: str,
    *,
    run_id: str = "",
    model_id: str = "",
    host: str = "",
) -> VersionSource:
    """Return what a source names in the workspace; all else is refused.

    `run_id` and `model_id` must fit the source where they are set. `host` is this
    server's own, which `mlflow-artifacts://HOST/…` can name. Raises InvalidValue,
    NotFound for a version that doesn't exist, and InvalidState for what is in the
    trash.
    """
    parts = _split(text, host)
    if parts.get("name"):
        found = _source_of_version(workspace, parts)
    elif parts.get("model"):
        found = _source_in_model(workspace, parts["model"], text)
    else:
        found = _source_in_run(workspace, parts["run"], text)
    path = parts.get("path")
    if path:
        found = replace(found, path=_check_path(path, text))
    return _check_ids(workspace, found, run_id, model_id)


def _split(text: str, host: str) -> dict[str, str]:
    """Return the parts of an accepted source, or raise InvalidValue."""
    names.check_text(text, "source", limit=names.MAX_MODEL_SOURCE, empty=False)
    # A line break or a space at an end is dropped by some readers of URLs.
    if not text.isprintable() or text != text.strip():
        raise _invalid_source(text)
    whole = text.removesuffix("/")
    found = next((each for form in _FORMS if (each := form.fullmatch(whole))), None)
    if found is None:
        raise _invalid_source(text)
    parts = {key: value for key, value in found.groupdict().items() if value}
    server = parts.get("host", "").removeprefix("/").lower()
    if "host" in parts and (not server or server != host.lower()):
        raise InvalidValue(
            _("The source %(source)r names another server.") % {"source": text},
            field="source",
        )
    return parts


def _check_path(path: str, source: str) -> str:
    """Return the path; refuse one that any reader could take for another one."""
    decoded = path
    for _round in range(_MAX_DECODINGS):
        try:
            names.check_path(decoded, "source")
        except InvalidName as error:
            raise _invalid_source(source) from error
        # Clients end a path at these.
        if "#" in decoded or "?" in decoded:
            raise _invalid_source(source)
        before, decoded = decoded, unicodedata.normalize("NFKC", unquote(decoded))
        if decoded == before:
            return path
        if decoded.count("/") != path.count("/"):
            break
    raise _invalid_source(source)


def _source_of_version(workspace: Workspace, parts: dict[str, str]) -> VersionSource:
    version = version_by_reference(
        workspace, parts["name"], parts.get("reference", ""), parts.get("alias", "")
    )
    return VersionSource(
        # An alias moves later; the number is what was meant.
        text=f"models:/{version.model.name}/{version.number}",
        path=version.path,
        logged_model=version.logged_model,
        files_run=version.files_run,
        run=version.run,
    )


def _source_in_model(workspace: Workspace, model_id: str, text: str) -> VersionSource:
    rows = LoggedModel.objects.filter(workspace=workspace, model_id=model_id)
    model = rows.select_related("experiment", "source_run__experiment").first()
    if model is None:
        raise InvalidValue(
            _("The source %(source)r names a logged model that doesn't exist.")
            % {"source": text},
            field="source",
        )
    refuse_deleted_model(model)
    return VersionSource(text=text, logged_model=model, run=model.source_run)


def _source_in_run(workspace: Workspace, run_id: str, text: str) -> VersionSource:
    run = find_source_run(workspace, run_id)
    if run is None:
        raise InvalidValue(
            _("The source %(source)r names a run that doesn't exist.")
            % {"source": text},
            field="source",
        )
    refuse_deleted_run(run)
    return VersionSource(text=text, files_run=run, run=run)


def find_source_run(workspace: Workspace, run_id: str) -> Run | None:
    rows = Run.objects.filter(workspace=workspace, run_id=run_id)
    return rows.select_related("experiment").first() if "\x00" not in run_id else None


def _check_ids(
    workspace: Workspace, source: VersionSource, run_id: str, model_id: str
) -> VersionSource:
    model = source.logged_model
    if model_id and (model is None or model.model_id != model_id):
        raise _other_id("model_id", source.text)
    if not run_id or (source.run is not None and source.run.run_id == run_id):
        return source
    run = find_source_run(workspace, run_id)
    # Only a model that no known run wrote can be said to be of another one.
    if source.run is not None or run is None:
        raise _other_id("run_id", source.text)
    refuse_deleted_run(run)
    return replace(source, run=run)


def refuse_deleted_run(run: Run) -> None:
    """Raise InvalidState if the run or its experiment is in the trash."""
    if run.deleted is not None or run.experiment.deleted is not None:
        raise InvalidState(
            _("Run %(run_id)s is in the trash. Restore it to register its model.")
            % {"run_id": run.run_id},
            run_id=run.run_id,
        )


def refuse_deleted_model(model: LoggedModel) -> None:
    """Raise InvalidState if the model, its run or an experiment was deleted."""
    if model.deleted is not None or model.experiment.deleted is not None:
        raise InvalidState(
            _("The logged model %(model_id)s is in the trash.")
            % {"model_id": model.model_id},
            model_id=model.model_id,
        )
    if model.source_run is not None:
        refuse_deleted_run(model.source_run)


def refuse_deleted_source(source: VersionSource) -> None:
    """Raise InvalidState if what the source names was deleted since it was resolved."""
    for run in (source.files_run, source.run):
        if run is not None:
            run.refresh_from_db(fields=["deleted"])
            run.experiment.refresh_from_db(fields=["deleted"])
            refuse_deleted_run(run)
    if source.logged_model is not None:
        source.logged_model.refresh_from_db(fields=["deleted"])
        source.logged_model.experiment.refresh_from_db(fields=["deleted"])
        refuse_deleted_model(source.logged_model)


def _other_id(field: str, source: str) -> InvalidValue:
    return InvalidValue(
        _(
            "Invalid model version source: %(source)r. The %(field)s request parameter "
            "must identify the resource that contains the source."
        )
        % {"source": source, "field": field},
        field=field,
    )


def _invalid_source(source: str) -> InvalidValue:
    return InvalidValue(
        _(
            "Invalid model version source: %(source)r. Name files of a run "
            "(runs:/RUN/PATH), a logged model (models:/m-…) or another version "
            "(models:/NAME/VERSION) of this workspace."
        )
        % {"source": source[:200]},
        field="source",
    )
