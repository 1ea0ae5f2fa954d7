"""Runs in groups, with count, mean, deviation and extremes."""

from runs.search.groups.group_sums import GroupStats
from runs.search.groups.grouping import Grouping, ListGroup, list_groups
from runs.search.groups.means import (
    Floats,
    deviation_band,
    mean_and_std,
    means_by_position,
)
from runs.search.groups.partition import partition_runs

__all__ = [
    "Floats",
    "GroupStats",
    "Grouping",
    "ListGroup",
    "deviation_band",
    "list_groups",
    "mean_and_std",
    "means_by_position",
    "partition_runs",
]
