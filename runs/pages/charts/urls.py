"""The addresses of charts."""

from __future__ import annotations

from django.urls import URLPattern, path

from runs.pages.charts.axis_range_filter import filter_by_axis_range
from runs.pages.charts.dialog import complete_field_names, edit_chart
from runs.pages.charts.figures import chart_figure, chart_table, chart_values_csv
from runs.pages.requests import WORKSPACE_URL

urlpatterns: list[URLPattern] = [
    path(f"{WORKSPACE_URL}list/charts/", edit_chart, name="list-charts"),
    path(
        f"{WORKSPACE_URL}list/charts/fields/",
        complete_field_names,
        name="list-chart-fields",
    ),
    path(f"{WORKSPACE_URL}list/charts/figure/", chart_figure, name="list-chart-figure"),
    path(
        f"{WORKSPACE_URL}list/charts/brush/",
        filter_by_axis_range,
        name="list-chart-brush",
    ),
    path(f"{WORKSPACE_URL}list/charts/table/", chart_table, name="list-chart-table"),
    path(
        f"{WORKSPACE_URL}list/charts/values/",
        chart_values_csv,
        name="list-chart-values",
    ),
]
