"""The addresses of the home page, health, and links of AzureML."""

from __future__ import annotations

from django.urls import URLPattern, path

from runs.pages.requests import WORKSPACE_URL
from runs.pages.site.azureml_redirects import redirect_to_experiment, redirect_to_run
from runs.pages.site.health import healthz, readyz
from runs.pages.site.home import home, workspace_home
from runs.pages.site.metrics import metrics
from runs.pages.site.styleguide import show_styleguide

urlpatterns: list[URLPattern] = [
    path("", home, name="home"),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("parts/", show_styleguide, name="styleguide"),
    path("runs/<str:run_id>", redirect_to_run, name="portal-run"),
    path(
        "experiments/id/<int:number>", redirect_to_experiment, name="portal-experiment"
    ),
    path(WORKSPACE_URL, workspace_home, name="workspace"),
]
