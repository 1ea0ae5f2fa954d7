"""The files of a version, which are those of its logged model or of a run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from runs.models import File, ModelVersion, in_folder, path_key
from runs.render.registry import (
    MAX_MLMODEL_BYTES,
    MAX_REQUIREMENTS_BYTES,
    ModelDescription,
    parse_conda,
    parse_model_description,
    parse_requirements,
)
from runs.storage.files import files as file_store
from studio.core import names
from studio.core.errors import MissingBytes, NotFound

MLMODEL = "MLmodel"
REQUIREMENTS = "requirements.txt"
CONDA = "conda.yaml"
DOCUMENTS = (MLMODEL, REQUIREMENTS, CONDA)
#: More files than this are not all listed.
MAX_LISTED = 5000


@dataclass(frozen=True)
class VersionFile:
    """A file; `path` is relative to those of the version."""

    path: str
    file: File


@dataclass(frozen=True)
class VersionDocuments:
    """What a version's files say of it; `dependencies` has versions by package."""

    description: ModelDescription
    dependencies: dict[str, str]
    #: The file that names the dependencies; empty without one.
    dependencies_file: str = ""


def files_of_version(version: ModelVersion) -> QuerySet[File]:
    """Return the current files: one, where the version is a file of a run."""
    rows = _files_of_owner(version)
    if not version.path:
        return rows
    return rows.filter(in_folder(version.path) | Q(path_key=path_key(version.path)))


def _files_of_owner(version: ModelVersion) -> QuerySet[File]:
    rows = File.objects.filter(replaced__isnull=True)
    if version.logged_model_id is not None:
        return rows.filter(model=version.logged_model_id)
    return rows.filter(run=version.files_run_id)


def list_version_files(version: ModelVersion) -> list[VersionFile]:
    """Return the first files, for a page."""
    return _relative_files(version, _sorted_files(version)[: MAX_LISTED + 1])


def all_version_files(version: ModelVersion) -> list[VersionFile]:
    return _relative_files(version, _sorted_files(version))


def _sorted_files(version: ModelVersion) -> QuerySet[File]:
    return files_of_version(version).order_by("folder", "name")


def _relative_files(version: ModelVersion, files: Iterable[File]) -> list[VersionFile]:
    return [VersionFile(_relative_path(version, file), file) for file in files]


def _relative_path(version: ModelVersion, file: File) -> str:
    if file.path == version.path:
        return file.name
    return file.path.removeprefix(f"{version.path}/") if version.path else file.path


def find_version_file(version: ModelVersion, path: str) -> File:
    """Find a file by its path in the version; raise NotFound or InvalidName."""
    names.check_path(path)
    keys = [path_key(each) for each in _possible_paths(version, path)]
    found = _files_of_owner(version).filter(path_key__in=keys).first()
    if found is None:
        raise NotFound(_("This version has no file %(path)s.") % {"path": path})
    return found


def _possible_paths(version: ModelVersion, path: str) -> Iterable[str]:
    yield f"{version.path}/{path}" if version.path else path
    # The version can be a single file.
    if version.path.rpartition("/")[2] == path:
        yield version.path


def read_documents(versions: Sequence[ModelVersion]) -> dict[int, VersionDocuments]:
    """Read what the files of the versions say, by primary key. One query."""
    wanted = {
        (version.pk, name): next(iter(_possible_paths(version, name)))
        for version in versions
        for name in DOCUMENTS
    }
    files = _find_documents(versions, set(wanted.values()))
    texts = {}
    for version in versions:
        owner = (version.logged_model_id, version.files_run_id)
        for name in DOCUMENTS:
            file = files.get((*owner, wanted[version.pk, name]))
            if file is not None:
                texts[version.pk, name] = _read_text(file, name)
    return {each.pk: _documents(each.pk, texts) for each in versions}


def _find_documents(
    versions: Sequence[ModelVersion], paths: set[str]
) -> dict[tuple[int | None, int | None, str], File]:
    models = {each.logged_model_id for each in versions} - {None}
    runs = {each.files_run_id for each in versions if each.logged_model_id is None} - {
        None
    }
    rows = File.objects.filter(
        Q(model__in=models) | Q(run__in=runs),
        replaced__isnull=True,
        path_key__in=[path_key(path) for path in paths],
    )
    return {(each.model_id, each.run_id, each.path): each for each in rows}


def _read_text(file: File, name: str) -> str | None:
    """Return the file's text; None if it is too large or missing."""
    limit = MAX_MLMODEL_BYTES if name == MLMODEL else MAX_REQUIREMENTS_BYTES
    if file.size > limit:
        return None
    try:
        with file_store.open(file.blob, file.size) as source:
            return source.read(file.size).decode(errors="replace")
    except (MissingBytes, OSError):
        return None


def _documents(
    version: int, texts: dict[tuple[int, str], str | None]
) -> VersionDocuments:
    text = texts.get((version, MLMODEL))
    description = parse_model_description(text) if text else ModelDescription()
    parsers = ((REQUIREMENTS, parse_requirements), (CONDA, parse_conda))
    for name, parse in parsers:
        found = texts.get((version, name))
        if found is not None:
            return VersionDocuments(description, parse(found), name)
    return VersionDocuments(description, {})
