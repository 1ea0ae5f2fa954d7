"""Convert registered models and versions to MLflow's JSON, without unset fields."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from runs.api.mlflow.models import model_uri
from runs.api.mlflow.replies import Json, artifact_uri, key_value_list
from runs.models import ModelVersion, RegisteredModel
from runs.search.registry import latest_versions


def registered_model_json(model: RegisteredModel) -> Json:
    return registered_models_json([model])[0]


def registered_models_json(models: Sequence[RegisteredModel]) -> list[Json]:
    """Convert models; the caller can prefetch tags and `aliases__version`."""
    newest = latest_versions(models)
    return [_model_json(model, newest[model.pk]) for model in models]


def _model_json(model: RegisteredModel, newest: Sequence[ModelVersion]) -> Json:
    aliases = [
        {"alias": alias.name, "version": str(alias.version.number)}
        for alias in model.aliases.all()
    ]
    return _without_unset(
        name=model.name,
        creation_timestamp=model.created,
        last_updated_timestamp=model.updated,
        user_id=model.created_by.username if model.created_by else "",
        description=model.description,
        latest_versions=versions_json(newest),
        tags=key_value_list({tag.key: tag.value for tag in model.tags.all()}),
        aliases=aliases,
    )


def versions_json(versions: Iterable[ModelVersion]) -> list[Json]:
    return [version_json(version) for version in versions]


def version_json(version: ModelVersion) -> Json:
    """Convert a version; the caller has loaded its run, tags and aliases."""
    logged = version.logged_model
    return _without_unset(
        name=version.model.name,
        version=str(version.number),
        creation_timestamp=version.created,
        last_updated_timestamp=version.updated,
        user_id=version.created_by.username if version.created_by else "",
        current_stage=version.stage,
        description=version.description,
        source=version.source,
        run_id=version.run.run_id if version.run is not None else "",
        # The files are there already, so a version is ready at once.
        status="READY",
        run_link=version.run_link,
        tags=key_value_list({tag.key: tag.value for tag in version.tags.all()}),
        aliases=sorted(alias.name for alias in version.aliases.all()),
        model_id=logged.model_id if logged is not None else "",
    )


def download_uri(version: ModelVersion) -> str:
    """Return where clients read the version's files."""
    if version.logged_model is not None:
        top = model_uri(version.logged_model)
    else:
        assert version.files_run is not None
        top = artifact_uri(version.files_run)
    return f"{top}/{version.path}" if version.path else top


def _without_unset(**fields: object) -> Json:
    return {name: value for name, value in fields.items() if value not in ("", [])}
