"""The search of MLflow clients: its conditions and its order."""

from runs.search.mlflow.row_order import RowOrder
from runs.search.mlflow.runs import MlflowRunSearch
from runs.search.mlflow.search_fields import KeyedTable, SearchFieldMapping

__all__ = [
    "KeyedTable",
    "MlflowRunSearch",
    "RowOrder",
    "SearchFieldMapping",
]
