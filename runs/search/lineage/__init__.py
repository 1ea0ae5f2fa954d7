"""From datasets through runs to models, their versions, and the runs that read them."""

from runs.search.lineage.lineage import (
    MAX_NODES,
    MAX_PER_STEP,
    MAX_STEPS,
    LeftOut,
    Lineage,
    LineageEdge,
    LineageNode,
    lineage_of,
)
from runs.search.lineage.links import LineageKind

__all__ = [
    "MAX_NODES",
    "MAX_PER_STEP",
    "MAX_STEPS",
    "LeftOut",
    "Lineage",
    "LineageEdge",
    "LineageKind",
    "LineageNode",
    "lineage_of",
]
