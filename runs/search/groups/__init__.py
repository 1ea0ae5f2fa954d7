"""Runs in groups, with count, mean, deviation and extremes."""

from runs.search.groups.group_assignment import assign_groups
from runs.search.groups.group_stats import GroupStats
from runs.search.groups.grouping import Grouping, ListGroup, list_groups
from runs.search.groups.means import (
    Floats,
    deviation_band,
    mean_and_std,
    means_by_position,
)

__all__ = [
    "Floats",
    "GroupStats",
    "Grouping",
    "ListGroup",
    "assign_groups",
    "deviation_band",
    "list_groups",
    "mean_and_std",
    "means_by_position",
]
