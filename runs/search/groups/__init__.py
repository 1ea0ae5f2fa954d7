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
from runs.search.groups.sightings import Sightings, find_sightings

__all__ = [
    "Floats",
    "GroupStats",
    "Grouping",
    "ListGroup",
    "Sightings",
    "assign_groups",
    "deviation_band",
    "find_sightings",
    "list_groups",
    "mean_and_std",
    "means_by_position",
]
