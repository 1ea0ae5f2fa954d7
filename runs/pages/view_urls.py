"""The addresses of custom views."""

from __future__ import annotations

from django.urls import URLPattern, path

from runs.pages.public import share_links
from runs.pages.public import shared_pages as shared
from runs.pages.views import versions as view_history
from runs.pages.views import view_editor as view_edit
from runs.pages.views import views

urlpatterns: list[URLPattern] = [
    path("shared/<str:secret>/", shared.shared_page, name="shared"),
    path(
        "shared/<str:secret>/pictures/<path:path>",
        shared.shared_picture,
        name="shared-picture",
    ),
    path("w/<str:workspace>/share/", share_links.create_share_link, name="share-out"),
    path(
        "w/<str:workspace>/share/<int:number>/revoke/",
        share_links.revoke_share_link,
        name="share-revoke",
    ),
    path("v/<str:slug>/", views.open_view, name="view"),
    path("w/<str:workspace>/views/", views.views_page, name="views"),
    path("w/<str:workspace>/views/menu/", views.view_menu, name="view-menu"),
    path("w/<str:workspace>/views/new/", view_edit.create_view, name="view-new"),
    path("w/<str:workspace>/views/default/", views.choose_default, name="view-default"),
    *(
        path(f"w/<str:workspace>/views/<str:slug>/{name}/", view, name=f"view-{name}")
        for name, view in (
            ("save", view_edit.save_view),
            ("edit", view_edit.edit_view),
            ("share", view_edit.share_view),
            ("delete", view_edit.delete_view),
            ("restore", view_edit.restore_view),
            ("star", views.star_view),
            ("history", view_history.view_history),
        )
    ),
    path(
        "w/<str:workspace>/views/<str:slug>/history/<int:number>/restore/",
        view_history.restore_version,
        name="view-version",
    ),
]
