"""The addresses of datasets."""

from __future__ import annotations

from django.urls import URLPattern, path

from runs.pages.datasets.dataset import dataset_page
from runs.pages.datasets.dataset_list import datasets_page
from runs.pages.requests import WORKSPACE_URL

DATASETS_URL = f"{WORKSPACE_URL}datasets/"

urlpatterns: list[URLPattern] = [
    path(DATASETS_URL, datasets_page, name="datasets"),
    path(f"{DATASETS_URL}<int:number>/", dataset_page, name="dataset"),
]
