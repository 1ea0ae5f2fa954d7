"""The addresses of custom views."""

from __future__ import annotations

from django.urls import URLPattern, path

from runs.pages.requests import WORKSPACE_URL
from runs.pages.views.versions import restore_version, view_history
from runs.pages.views.view_editor import (
    create_view,
    delete_view,
    edit_view,
    restore_view,
    save_view,
    share_view,
)
from runs.pages.views.views import (
    choose_default_view,
    open_view,
    star_view,
    view_menu,
    views_page,
)

urlpatterns: list[URLPattern] = [
    path("v/<str:slug>/", open_view, name="view"),
    path(f"{WORKSPACE_URL}views/", views_page, name="views"),
    path(f"{WORKSPACE_URL}views/menu/", view_menu, name="view-menu"),
    path(f"{WORKSPACE_URL}views/new/", create_view, name="view-new"),
    path(f"{WORKSPACE_URL}views/default/", choose_default_view, name="view-default"),
    path(f"{WORKSPACE_URL}views/<str:slug>/save/", save_view, name="view-save"),
    path(f"{WORKSPACE_URL}views/<str:slug>/edit/", edit_view, name="view-edit"),
    path(f"{WORKSPACE_URL}views/<str:slug>/share/", share_view, name="view-share"),
    path(f"{WORKSPACE_URL}views/<str:slug>/delete/", delete_view, name="view-delete"),
    path(
        f"{WORKSPACE_URL}views/<str:slug>/restore/", restore_view, name="view-restore"
    ),
    path(f"{WORKSPACE_URL}views/<str:slug>/star/", star_view, name="view-star"),
    path(
        f"{WORKSPACE_URL}views/<str:slug>/history/", view_history, name="view-history"
    ),
    path(
        f"{WORKSPACE_URL}views/<str:slug>/history/<int:number>/restore/",
        restore_version,
        name="view-version",
    ),
]
