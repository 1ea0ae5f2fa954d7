"""Move a home's data from its database to another, empty one."""

from runs.management.move.move import MovedData, move_data

__all__ = ["MovedData", "move_data"]
