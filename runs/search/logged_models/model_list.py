"""The logged models of a workspace, page by page, in a fixed number of queries."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, prefetch_related_objects

from runs.models import (
    LoggedModel,
    LoggedModelMetric,
    LoggedModelParam,
    LoggedModelTag,
    ModelVersion,
    Workspace,
)
from runs.search.logged_models.table_filter import (
    FilterFields,
    TableFilter,
)
from runs.search.logged_models.table_page import (
    TablePage,
    TableQuery,
    read_table_page,
    sort_column,
)
from runs.search.sql import time_limit
from studio.core.filters import tree

DEFAULT_SORT = "-created"
SORT_COLUMNS = {"name": "name", "type": "model_type", "created": "created"}
FIELDS = FilterFields(
    texts={
        "name": "name",
        "id": "model_id",
        "type": "model_type",
        "experiment": "experiment__name",
    },
    words=("name", "model_id", "model_type", "source_id"),
    times={"created": "created"},
    keyed={
        tree.TAGS: LoggedModelTag,
        tree.PARAMS: LoggedModelParam,
        tree.METRICS: LoggedModelMetric,
    },
)


@dataclass(frozen=True)
class LoggedModelPage:
    """`versions` counts the registered versions of each model, by primary key."""

    page: TablePage[LoggedModel]
    versions: dict[int, int]


def find_logged_models(
    workspace: Workspace, query: TableQuery, *, now: int
) -> LoggedModelPage:
    """Find models that are not in the trash, with their runs and metrics.

    Raises InvalidFilter, and InvalidValue for an unknown sort or cursor.
    """
    condition = TableFilter(FIELDS, now).condition(FIELDS.parse(query.text))
    column, descending = sort_column(query.sort or DEFAULT_SORT, SORT_COLUMNS)
    listed = LoggedModel.objects.filter(
        workspace=workspace,
        deleted__isnull=True,
        experiment__deleted__isnull=True,
    )
    with time_limit():
        page = read_table_page(listed, condition, query, column, descending)
        prefetch_related_objects(page.rows, "experiment", "source_run", "metrics")
        counted = (
            ModelVersion.objects.filter(logged_model__in=[row.pk for row in page.rows])
            .values_list("logged_model")
            .annotate(n=Count("pk"))
        )
        return LoggedModelPage(page, dict(counted))
