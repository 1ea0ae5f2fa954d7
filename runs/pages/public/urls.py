"""The addresses of public links."""

from __future__ import annotations

from django.urls import URLPattern, path

from runs.pages.public.feed import shared_feed
from runs.pages.public.share_links import create_share_link, revoke_share_link
from runs.pages.public.shared_pages import shared_page, shared_picture
from runs.pages.requests import WORKSPACE_URL

urlpatterns: list[URLPattern] = [
    path("shared/<str:secret>/", shared_page, name="shared"),
    path(
        "shared/<str:secret>/pictures/<path:path>",
        shared_picture,
        name="shared-picture",
    ),
    path("shared/<str:secret>/feed/", shared_feed, name="shared-feed"),
    path(f"{WORKSPACE_URL}share/", create_share_link, name="public-link-form"),
    path(
        f"{WORKSPACE_URL}share/<int:number>/revoke/",
        revoke_share_link,
        name="share-revoke",
    ),
]
