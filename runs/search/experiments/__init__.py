"""All experiments of a workspace, and the tags and history of one."""

from runs.search.experiments.experiment_list import (
    ExperimentPage,
    ExperimentRow,
    find_experiments,
)
from runs.search.experiments.selected import (
    count_experiment_tags,
    count_runs_of_experiments,
    find_experiment_keys,
    find_selected_experiments,
)
from runs.search.experiments.tags_and_history import (
    ExperimentChange,
    list_experiment_history,
    list_experiment_tags,
    suggest_experiment_tags,
)

__all__ = [
    "ExperimentChange",
    "ExperimentPage",
    "ExperimentRow",
    "count_experiment_tags",
    "count_runs_of_experiments",
    "find_experiment_keys",
    "find_experiments",
    "find_selected_experiments",
    "list_experiment_history",
    "list_experiment_tags",
    "suggest_experiment_tags",
]
