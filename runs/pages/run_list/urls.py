"""The addresses of the run list."""

from __future__ import annotations

from django.urls import URLPattern, path

from runs.pages.requests import EXPERIMENT_URL, RUN_URL, WORKSPACE_URL
from runs.pages.run_list.column_menu import change_metric_goal, show_column_menu
from runs.pages.run_list.columns_dialog import edit_columns
from runs.pages.run_list.metric_history_export import (
    download_history_export,
    request_history_export,
    show_export_progress,
)
from runs.pages.run_list.run_list import all_runs, experiment_runs
from runs.pages.run_list.selection_differences import explain_differences
from runs.pages.run_list.selection_form import select_runs
from runs.pages.run_list.stars import star_this_experiment, star_this_run

urlpatterns: list[URLPattern] = [
    path(EXPERIMENT_URL, experiment_runs, name="experiment"),
    path(f"{WORKSPACE_URL}runs/", all_runs, name="run-list"),
    path(f"{EXPERIMENT_URL}star/", star_this_experiment, name="experiment-star"),
    path(f"{WORKSPACE_URL}list/columns/", edit_columns, name="list-columns"),
    path(f"{WORKSPACE_URL}list/select/", select_runs, name="list-select"),
    path(f"{WORKSPACE_URL}list/differs/", explain_differences, name="list-differs"),
    path(f"{WORKSPACE_URL}list/head/", show_column_menu, name="list-head"),
    path(f"{WORKSPACE_URL}list/goal/", change_metric_goal, name="list-goal"),
    path(f"{WORKSPACE_URL}exports/", request_history_export, name="history-exports"),
    path(
        f"{WORKSPACE_URL}exports/<int:number>/",
        show_export_progress,
        name="history-export",
    ),
    path(
        f"{WORKSPACE_URL}exports/<int:number>/histories.parquet",
        download_history_export,
        name="history-file",
    ),
    path(f"{RUN_URL}star/", star_this_run, name="run-star"),
]
