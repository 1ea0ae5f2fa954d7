"""The datasets of a workspace, page by page, in a fixed number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, prefetch_related_objects

from runs.models import Dataset, RunDataset, Workspace
from runs.search.logged_models import (
    FilterFields,
    TableFilter,
    TablePage,
    TableQuery,
    read_table_page,
    sort_column,
)
from runs.search.sql import time_limit

#: The newest first: datasets are stored when a run reads them for the first time.
DEFAULT_SORT = "-added"
SORT_COLUMNS = {"name": "name", "type": "source_type", "added": "pk"}
FIELDS = FilterFields(
    texts={"name": "name", "type": "source_type", "experiment": "experiment__name"},
    words=("name", "digest", "source_type"),
)


@dataclass(frozen=True)
class DatasetUsage:
    """How many runs read a dataset, and what for."""

    runs: int = 0
    contexts: tuple[str, ...] = ()


@dataclass(frozen=True)
class DatasetListPage:
    """`usage` is by the primary key of a dataset."""

    page: TablePage[Dataset]
    usage: dict[int, DatasetUsage]


def find_datasets(
    workspace: Workspace, query: TableQuery, *, now: int
) -> DatasetListPage:
    """Find datasets of experiments that are not in the trash.

    Raises InvalidFilter, and InvalidValue for an unknown sort or cursor.
    """
    condition = TableFilter(FIELDS, now).condition(FIELDS.parse(query.text))
    column, descending = sort_column(query.sort or DEFAULT_SORT, SORT_COLUMNS)
    listed = Dataset.objects.filter(
        experiment__workspace=workspace,
        experiment__deleted__isnull=True,
    ).defer("source", "schema", "profile")
    with time_limit():
        page = read_table_page(listed, condition, query, column, descending)
        prefetch_related_objects(page.rows, "experiment")
        return DatasetListPage(page, _usage([row.pk for row in page.rows]))


def _usage(datasets: Sequence[int]) -> dict[int, DatasetUsage]:
    """Count the runs by dataset and context, without those in the trash."""
    counted = (
        RunDataset.objects.filter(
            dataset__in=datasets,
            run__deleted__isnull=True,
            run__experiment__deleted__isnull=True,
        )
        .order_by("dataset", "context")
        .values_list("dataset", "context")
        .annotate(n=Count("pk"))
    )
    runs: dict[int, int] = defaultdict(int)
    contexts: dict[int, list[str]] = defaultdict(list)
    for dataset, context, count in counted:
        runs[dataset] += count
        contexts[dataset] += [context] if context else []
    return {key: DatasetUsage(runs[key], tuple(contexts[key])) for key in runs}
