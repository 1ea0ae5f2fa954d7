"""The search of MLflow clients: its conditions and its order."""

from runs.search.mlflow.runs import RunSearch

__all__ = [
    "RunSearch",
]
