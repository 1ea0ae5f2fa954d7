"""The addresses of custom views."""

from __future__ import annotations

from django.urls import URLPattern, path

from runs.pages.public import links as share_links
from runs.pages.public import pages as shared
from runs.pages.views import forms as view_edit
from runs.pages.views import versions as view_history
from runs.pages.views import views

urlpatterns: list[URLPattern] = [
    path("shared/<str:secret>/", shared.shared, name="shared"),
    path(
        "shared/<str:secret>/pictures/<path:path>",
        shared.picture,
        name="shared-picture",
    ),
    path("w/<str:workspace>/share/", share_links.share_out, name="share-out"),
    path(
        "w/<str:workspace>/share/<int:number>/revoke/",
        share_links.revoke,
        name="share-revoke",
    ),
    path("v/<str:slug>/", views.open_view, name="view"),
    path("w/<str:workspace>/views/", views.views, name="views"),
    path("w/<str:workspace>/views/menu/", views.menu, name="view-menu"),
    path("w/<str:workspace>/views/new/", view_edit.new, name="view-new"),
    path("w/<str:workspace>/views/default/", views.choose_default, name="view-default"),
    *(
        path(f"w/<str:workspace>/views/<str:slug>/{name}/", view, name=f"view-{name}")
        for name, view in (
            ("save", view_edit.save),
            ("edit", view_edit.edit),
            ("share", view_edit.share),
            ("delete", view_edit.delete),
            ("restore", view_edit.restore),
            ("star", views.star),
            ("history", view_history.history),
        )
    ),
    path(
        "w/<str:workspace>/views/<str:slug>/history/<int:number>/restore/",
        view_history.restore_version,
        name="view-version",
    ),
]
