"""Runs side by side: values, files, images, conclusions, and what tells runs apart."""

from runs.search.compare.compare import (
    MAX_COMPARED,
    MIN_COMPARED,
    ComparedRow,
    Comparison,
    NonNumericSeries,
    compare_runs,
    find_runs_by_id,
)
from runs.search.compare.conclusions import (
    find_conclusion,
    list_conclusions,
    list_conclusions_of,
)
from runs.search.compare.feature_ranking import (
    FeatureRanking,
    RankedFeature,
    ValueShare,
    rank_features,
)
from runs.search.compare.files import (
    ComparedFile,
    ComparedFiles,
    compare_files,
    read_file_start,
)

__all__ = [
    "MAX_COMPARED",
    "MIN_COMPARED",
    "ComparedFile",
    "ComparedFiles",
    "ComparedRow",
    "Comparison",
    "FeatureRanking",
    "NonNumericSeries",
    "RankedFeature",
    "ValueShare",
    "compare_files",
    "compare_runs",
    "find_conclusion",
    "find_runs_by_id",
    "list_conclusions",
    "list_conclusions_of",
    "rank_features",
    "read_file_start",
]
