"""The search of MLflow clients: its conditions and its order."""

from runs.search.mlflow.runs import MlflowRunSearch
from runs.search.mlflow.schema import KeyedTable, SearchSchema

__all__ = [
    "KeyedTable",
    "MlflowRunSearch",
    "SearchSchema",
]
