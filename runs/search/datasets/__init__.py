"""Datasets that runs read: the list, and one dataset."""

from runs.search.datasets.dataset import (
    DatasetUses,
    find_dataset,
    list_models_of,
    list_uses,
)
from runs.search.datasets.dataset_list import (
    DEFAULT_SORT,
    DatasetListPage,
    DatasetUsage,
    find_datasets,
)

__all__ = [
    "DEFAULT_SORT",
    "DatasetListPage",
    "DatasetUsage",
    "DatasetUses",
    "find_dataset",
    "find_datasets",
    "list_models_of",
    "list_uses",
]
