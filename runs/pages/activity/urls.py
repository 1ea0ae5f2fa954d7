"""The addresses of the activity."""

from __future__ import annotations

from django.urls import URLPattern, path

from runs.pages.activity.activity import activity_page
from runs.pages.activity.activity_feed import activity_atom
from runs.pages.activity.change_page import change_page
from runs.pages.activity.news import activity_news
from runs.pages.activity.token_undo import undo_of_token
from runs.pages.requests import WORKSPACE_URL

_ACTIVITY = f"{WORKSPACE_URL}activity/"

urlpatterns: list[URLPattern] = [
    path(_ACTIVITY, activity_page, name="activity"),
    path(f"{_ACTIVITY}news/", activity_news, name="activity-news"),
    path(f"{_ACTIVITY}feed.atom", activity_atom, name="activity-atom"),
    path(f"{_ACTIVITY}<int:number>/", change_page, name="activity-change"),
    path(
        f"{_ACTIVITY}tokens/<int:number>/undo/",
        undo_of_token,
        name="activity-token-undo",
    ),
]
