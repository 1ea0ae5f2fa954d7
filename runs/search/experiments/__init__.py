"""All experiments of a workspace."""

from runs.search.experiments.experiment_list import (
    ExperimentPage,
    ExperimentRow,
    find_experiments,
)

__all__ = [
    "ExperimentPage",
    "ExperimentRow",
    "find_experiments",
]
