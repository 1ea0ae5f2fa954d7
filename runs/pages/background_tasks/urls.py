"""The addresses of background tasks."""

from __future__ import annotations

from django.urls import URLPattern, path

from runs.pages.background_tasks.tasks import stop, tasks_page
from runs.pages.requests import WORKSPACE_URL

urlpatterns: list[URLPattern] = [
    path(f"{WORKSPACE_URL}tasks/", tasks_page, name="tasks"),
    path(f"{WORKSPACE_URL}tasks/<int:number>/stop/", stop, name="task-stop"),
]
