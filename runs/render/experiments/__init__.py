"""The rows of the table of experiments as HTML."""

from runs.render.experiments.table_rows import (
    ExperimentLine,
    LatestRun,
    StatusCount,
    TagLink,
    experiment_rows,
)

__all__ = [
    "ExperimentLine",
    "LatestRun",
    "StatusCount",
    "TagLink",
    "experiment_rows",
]
