"""The charts of a page: the row of cards, the dialog, and figures on request."""

from __future__ import annotations

from runs.pages.charts.row_of_charts import (
    CHART_ADDRESS_PARTS,
    ChartCardAddresses,
    can_add_chart,
    chart_cards,
    chart_cards_context,
)
from runs.pages.charts.urls import (
    urlpatterns,
)

__all__ = [
    "CHART_ADDRESS_PARTS",
    "ChartCardAddresses",
    "can_add_chart",
    "chart_cards",
    "chart_cards_context",
    "urlpatterns",
]
