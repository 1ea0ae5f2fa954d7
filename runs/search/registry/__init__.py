"""The model registry: models, versions and aliases by name, and what a source names."""

from __future__ import annotations

from runs.search.registry.filters import filter_models, filter_versions
from runs.search.registry.lookups import (
    find_alias,
    find_model,
    find_version,
    latest_versions,
    read_stage,
    version_by_reference,
)
from runs.search.registry.model_list import (
    DEFAULT_SORT,
    ModelPage,
    ModelRow,
    find_models,
)
from runs.search.registry.sources import (
    VersionSource,
    refuse_deleted_source,
    resolve_source,
)

__all__ = [
    "DEFAULT_SORT",
    "ModelPage",
    "ModelRow",
    "VersionSource",
    "filter_models",
    "filter_versions",
    "find_alias",
    "find_model",
    "find_models",
    "find_version",
    "latest_versions",
    "read_stage",
    "refuse_deleted_source",
    "resolve_source",
    "version_by_reference",
]
