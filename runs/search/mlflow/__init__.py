"""The search of MLflow clients: its conditions and its order."""

from runs.search.mlflow.runs import RunSearch
from runs.search.mlflow.schema import KeyedTable, Schema

__all__ = [
    "KeyedTable",
    "RunSearch",
    "Schema",
]
