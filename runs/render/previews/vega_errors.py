"""Why a Vega-Lite chart is not drawn."""

from __future__ import annotations

from enum import StrEnum

from runs.render.previews.content import InvalidContent


class VegaGap(StrEnum):
    VEGA = "vega"
    COMPOSED = "composed"
    PANELS = "panels"
    TRANSFORM = "transform"
    DATA = "data"
    MARK = "mark"
    ENCODING = "encoding"


class UnsupportedChart(InvalidContent):
    """`detail` names the part of the specification, if there is one."""

    def __init__(self, gap: VegaGap, detail: str = "") -> None:
        super().__init__(gap, detail)
        self.gap, self.detail = gap, detail[:80]
