"""The addresses of a run's metrics."""

from __future__ import annotations

from django.urls import URLPattern, path

from runs.pages.metrics.export import export_values
from runs.pages.metrics.log_links import show_log_line
from runs.pages.metrics.metric_figures import metric_figure_json
from runs.pages.metrics.metrics import metrics_tab
from runs.pages.requests import RUN_URL

urlpatterns: list[URLPattern] = [
    path(f"{RUN_URL}metrics/", metrics_tab, name="run-metrics"),
    path(f"{RUN_URL}metrics/chart.json", metric_figure_json, name="run-chart"),
    path(f"{RUN_URL}metrics/log/", show_log_line, name="run-metric-log"),
    path(f"{RUN_URL}metrics/values.csv", export_values, name="run-values"),
]
