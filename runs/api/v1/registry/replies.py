"""Convert registered models and versions to replies, with few queries for many."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Prefetch, QuerySet

from runs.api.v1.schemas import AliasInfo, ModelInfo, VersionInfo
from runs.models import ModelAlias, ModelVersion, RegisteredModel, User


def with_model_parts(rows: QuerySet[RegisteredModel]) -> QuerySet[RegisteredModel]:
    """Load all that `model_info` needs: three queries for any number of models."""
    aliases = ModelAlias.objects.select_related("version", "moved_by").order_by("name")
    return rows.select_related("created_by").prefetch_related(
        "tags", Prefetch("aliases", aliases)
    )


def model_info(model: RegisteredModel) -> ModelInfo:
    return ModelInfo(
        name=model.name,
        description=model.description,
        tags=_sorted_tags(model),
        aliases=[alias_info(alias) for alias in model.aliases.all()],
        versions=model.version_count,
        latest=model.latest_version,
        created=model.created,
        updated=model.updated,
        created_by=_user_name(model.created_by),
    )


def alias_info(alias: ModelAlias) -> AliasInfo:
    return AliasInfo(
        name=alias.name,
        version=alias.version.number,
        note=alias.note,
        moved=alias.moved,
        moved_by=_user_name(alias.moved_by),
    )


def with_version_parts(rows: QuerySet[ModelVersion]) -> QuerySet[ModelVersion]:
    """Load all that `version_info` needs: three queries for any number of versions."""
    parts = ("model", "logged_model", "run", "created_by")
    return rows.select_related(*parts).prefetch_related("tags", "aliases")


def version_info(version: ModelVersion) -> VersionInfo:
    logged, run = version.logged_model, version.run
    return VersionInfo(
        model=version.model.name,
        version=version.number,
        source=version.source,
        logged_model=logged.model_id if logged else None,
        run=run.run_id if run else None,
        path=version.path,
        description=version.description,
        stage=version.stage,
        tags=_sorted_tags(version),
        properties=version.properties,
        aliases=sorted(alias.name for alias in version.aliases.all()),
        framework=version.framework,
        framework_version=version.framework_version,
        size=version.size,
        created=version.created,
        updated=version.updated,
        created_by=_user_name(version.created_by),
    )


def _sorted_tags(owner: RegisteredModel | ModelVersion) -> dict[str, str]:
    tags: Iterable[tuple[str, str]] = ((tag.key, tag.value) for tag in owner.tags.all())
    return dict(sorted(tags))


def _user_name(user: User | None) -> str | None:
    return user.username if user else None
