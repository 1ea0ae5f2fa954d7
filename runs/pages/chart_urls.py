"""The addresses of a list's charts."""

from __future__ import annotations

from django.urls import URLPattern, path

from runs.pages.charts import brush as chart_brush
from runs.pages.charts import dialog as chart_dialog
from runs.pages.charts import figures as chart_figures

BASE = "w/<str:workspace>/list/charts/"

urlpatterns: list[URLPattern] = [
    path(BASE, chart_dialog.edit_chart, name="list-charts"),
    path(f"{BASE}fields/", chart_dialog.complete_fields, name="list-chart-fields"),
    path(f"{BASE}figure/", chart_figures.chart_figure, name="list-chart-figure"),
    path(f"{BASE}brush/", chart_brush.filter_by_axis_range, name="list-chart-brush"),
    path(f"{BASE}table/", chart_figures.chart_table, name="list-chart-table"),
    path(f"{BASE}values/", chart_figures.chart_values, name="list-chart-values"),
]
