"""Find registered models, versions and aliases by their names."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import TypeVar

from django.db.models import F, Model, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils.translation import gettext as _

from runs.models import ModelAlias, ModelStage, ModelVersion, RegisteredModel, Workspace
from runs.models.grams import SYSTEM_TAG_PREFIX
from studio.core.errors import InvalidValue, NotFound

Row = TypeVar("Row", bound=Model)

#: The largest value of the column on PostgreSQL.
_MAX_NUMBER = 2**31 - 1
_NUMBER = re.compile(r"-?[0-9]+")
LATEST = "latest"
#: MLflow compares stages without case.
STAGES = {stage.value.lower(): stage for stage in ModelStage}


def find_model(workspace: Workspace, name: str) -> RegisteredModel:
    """Return the model of this name, or raise NotFound."""
    rows = RegisteredModel.objects.filter(workspace=workspace, name=name)
    # PostgreSQL refuses to look for NUL.
    found = rows.first() if "\x00" not in name else None
    if found is None:
        raise model_not_found(name)
    found.workspace = workspace
    return found


def find_version(model: RegisteredModel, number: str | int) -> ModelVersion:
    """Return the version of this number, with its run, logged model and experiments.

    Raises InvalidValue for a text that is no number, and NotFound.
    """
    wanted = read_version_number(number)
    found = (
        versions_with_sources(model).filter(number=wanted).first()
        if 0 < wanted <= _MAX_NUMBER
        else None
    )
    if found is None:
        raise version_not_found(model.name, number)
    found.model = model
    return found


def find_alias(model: RegisteredModel, alias: str) -> ModelAlias:
    """Return the alias with its version, or raise InvalidValue, as MLflow's server."""
    rows = ModelAlias.objects.filter(model=model, name=alias)
    related = rows.select_related(*(f"version__{one}" for one in _SOURCES), "moved_by")
    found = related.first() if "\x00" not in alias else None
    if found is None:
        raise InvalidValue(
            _("The alias @%(alias)s doesn't exist.") % {"alias": alias},
            field="alias",
        )
    found.model = found.version.model = model
    return found


def version_by_reference(
    workspace: Workspace, name: str, reference: str = "", alias: str = ""
) -> ModelVersion:
    """Return the version that `models:/name/reference` or `models:/name@alias` means.

    A reference is a number, `latest`, or a stage, which means its latest version.
    """
    model = find_model(workspace, name)
    if alias:
        return find_alias(model, alias).version
    if reference.isdecimal():
        return find_version(model, reference)
    versions = versions_with_sources(model)
    if reference.lower() != LATEST:
        versions = versions.filter(stage=read_stage(reference))
    found = versions.order_by("-number").first()
    if found is None:
        raise version_not_found(name, reference)
    found.model = model
    return found


def latest_versions(
    models: Iterable[RegisteredModel], stages: Collection[str] = ()
) -> dict[int, list[ModelVersion]]:
    """Return the latest version of each stage, by model, in one query for versions."""
    known = {model.pk: model for model in models}
    rows = ModelVersion.objects.filter(model__in=known)
    if stages:
        rows = rows.filter(stage__in=stages)
    place = Window(
        RowNumber(), partition_by=[F("model"), F("stage")], order_by="-number"
    )
    newest = rows.annotate(place=place).filter(place=1).values("pk")
    found: dict[int, list[ModelVersion]] = {key: [] for key in known}
    for version in _with_sources(ModelVersion.objects.filter(pk__in=newest)).order_by(
        "number"
    ):
        version.model = known[version.model_id]
        found[version.model_id].append(version)
    return found


def read_stage(text: str) -> ModelStage:
    """Return the stage of this name in any case, or raise InvalidValue."""
    stage = STAGES.get(text.lower())
    if stage is None:
        raise InvalidValue(
            _("Invalid stage %(text)r. Valid stages are %(valid)s.")
            % {"text": text, "valid": ", ".join(ModelStage.values)},
            field="stage",
        )
    return stage


def read_version_number(number: str | int) -> int:
    """Return a version's number; InvalidValue for other text, 0 for no possible one."""
    text = str(number)
    if not _NUMBER.fullmatch(text):
        raise InvalidValue(
            _("A version is a whole number, not %(text)r.") % {"text": text[:100]},
            field="version",
        )
    return int(text) if len(text) <= 10 else 0


_SOURCES = (
    "logged_model__experiment",
    "files_run__experiment",
    "run__experiment",
    "created_by",
)


def versions_with_sources(model: RegisteredModel) -> QuerySet[ModelVersion]:
    return _with_sources(ModelVersion.objects.filter(model=model))


def _with_sources(rows: QuerySet[ModelVersion]) -> QuerySet[ModelVersion]:
    return rows.select_related(*_SOURCES).prefetch_related("tags", "aliases")


def without_system_tags(rows: QuerySet[Row]) -> QuerySet[Row]:
    """Leave out tags that clients keep for themselves; the others by their keys."""
    return rows.exclude(key__startswith=SYSTEM_TAG_PREFIX).order_by("key")


def model_not_found(name: str) -> NotFound:
    return NotFound(
        _("Registered model %(name)r not found.") % {"name": name}, field="name"
    )


def version_not_found(name: str, version: object) -> NotFound:
    return NotFound(
        _("Version %(version)s of the model %(name)r not found.")
        % {"name": name, "version": version},
        field="version",
    )
