"""References in descriptions, and their versions."""

from runs.search.descriptions.completion import (
    ReferenceSuggestion,
    suggest_files,
    suggest_metrics,
    suggest_runs,
)
from runs.search.descriptions.references import ReferenceTargets, find_targets
from runs.search.descriptions.versions import (
    Described,
    find_last_version,
    find_version_texts,
    list_versions,
)

__all__ = [
    "Described",
    "ReferenceSuggestion",
    "ReferenceTargets",
    "find_last_version",
    "find_targets",
    "find_version_texts",
    "list_versions",
    "suggest_files",
    "suggest_metrics",
    "suggest_runs",
]
