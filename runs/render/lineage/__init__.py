"""A lineage as a drawing of boxes and arrows."""

from runs.render.lineage.drawing import draw_lineage
from runs.render.lineage.layout import LineageArrow, LineageBox, LineageNote

__all__ = ["LineageArrow", "LineageBox", "LineageNote", "draw_lineage"]
