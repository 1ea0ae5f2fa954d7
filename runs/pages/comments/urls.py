"""The addresses of comments."""

from __future__ import annotations

from django.urls import URLPattern, path

from runs.pages.comments.comment_editor import comment_page, delete_comment_page
from runs.pages.comments.run_comments import complete_run_comment, run_comments
from runs.pages.comments.view_comments import complete_view_comment, view_comments
from runs.pages.requests import RUN_URL, WORKSPACE_URL

VIEW_URL = f"{WORKSPACE_URL}views/<str:slug>/"

urlpatterns: list[URLPattern] = [
    path(f"{RUN_URL}comments/", run_comments, name="run-comments"),
    path(f"{RUN_URL}comments/known/", complete_run_comment, name="run-comments-known"),
    path(f"{VIEW_URL}comments/", view_comments, name="view-comments"),
    path(
        f"{VIEW_URL}comments/known/", complete_view_comment, name="view-comments-known"
    ),
    path(f"{WORKSPACE_URL}comments/<int:number>/", comment_page, name="comment"),
    path(
        f"{WORKSPACE_URL}comments/<int:number>/delete/",
        delete_comment_page,
        name="comment-delete",
    ),
]
