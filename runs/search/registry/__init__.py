"""The model registry: models, versions and aliases by name, and what a source names."""

from __future__ import annotations

from runs.search.registry.filters import filter_models, filter_versions
from runs.search.registry.lookups import (
    find_alias,
    find_model,
    find_version,
    latest_versions,
    model_not_found,
    read_stage,
    version_by_reference,
    version_not_found,
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
from runs.search.registry.versions import (
    METRIC_PREFIX,
    ModelHead,
    VersionPage,
    VersionRow,
    aliases_by_version,
    find_versions,
    list_aliases,
    list_model_changes,
    list_version_numbers,
    list_version_tags,
    list_versions,
    read_model_head,
)
from runs.search.registry.versions_files import (
    VersionDocuments,
    VersionFile,
    all_version_files,
    find_version_file,
    list_version_files,
    read_documents,
)
from runs.search.registry.versions_links import (
    datasets_by_version,
    list_recent_models,
    list_recent_runs,
    list_versions_of_run,
    runs_that_read_versions,
)
from runs.search.registry.versions_metrics import (
    MAX_CHARTED,
    ChartedVersion,
    find_goals_of_versions,
    find_metric_goals,
    list_metric_names,
    read_metric_values,
    read_newest_versions,
)

__all__ = [
    "DEFAULT_SORT",
    "MAX_CHARTED",
    "METRIC_PREFIX",
    "ChartedVersion",
    "ModelHead",
    "ModelPage",
    "ModelRow",
    "VersionDocuments",
    "VersionFile",
    "VersionPage",
    "VersionRow",
    "VersionSource",
    "aliases_by_version",
    "all_version_files",
    "datasets_by_version",
    "filter_models",
    "filter_versions",
    "find_alias",
    "find_goals_of_versions",
    "find_metric_goals",
    "find_model",
    "find_models",
    "find_version",
    "find_version_file",
    "find_versions",
    "latest_versions",
    "list_aliases",
    "list_metric_names",
    "list_model_changes",
    "list_recent_models",
    "list_recent_runs",
    "list_version_files",
    "list_version_numbers",
    "list_version_tags",
    "list_versions",
    "list_versions_of_run",
    "model_not_found",
    "read_documents",
    "read_metric_values",
    "read_model_head",
    "read_newest_versions",
    "read_stage",
    "refuse_deleted_source",
    "resolve_source",
    "runs_that_read_versions",
    "version_by_reference",
    "version_not_found",
]
