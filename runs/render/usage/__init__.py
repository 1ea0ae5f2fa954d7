"""What is stored, as pictures: bars by kind, and the growth over time."""

from __future__ import annotations

from runs.render.usage.area_chart import draw_areas, highest_shown
from runs.render.usage.kind_bars import draw_kind_bar

__all__ = ["draw_areas", "draw_kind_bar", "highest_shown"]
