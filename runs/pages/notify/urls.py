"""The addresses of notifications."""

from __future__ import annotations

from django.urls import URLPattern, path

from runs.pages.notify.alert_urls import alert_urls
from runs.pages.notify.email_links import (
    confirm_email,
    mute_from_mail,
    unsubscribe_from_mail,
)
from runs.pages.notify.follow import (
    follow_this_experiment,
    follow_this_run,
    follow_this_view,
)
from runs.pages.notify.inbox import inbox_page, mark_inbox_read, open_notification
from runs.pages.notify.settings import (
    notification_settings,
    request_email_link,
    stop_one_follow,
)
from runs.pages.requests import EXPERIMENT_URL, RUN_URL, WORKSPACE_URL

_ACCOUNT = "account/notifications/"

urlpatterns: list[URLPattern] = [
    *alert_urls,
    path("inbox/", inbox_page, name="inbox"),
    path("inbox/read/", mark_inbox_read, name="inbox-read"),
    path("inbox/<int:number>/", open_notification, name="inbox-open"),
    path(_ACCOUNT, notification_settings, name="notify-settings"),
    path(f"{_ACCOUNT}email/", request_email_link, name="notify-email"),
    path(f"{_ACCOUNT}<int:number>/stop/", stop_one_follow, name="notify-stop"),
    path("email/confirm/<str:signed>/", confirm_email, name="email-confirm"),
    path(
        "email/unsubscribe/<str:signed>/",
        unsubscribe_from_mail,
        name="notify-unsubscribe",
    ),
    path("email/mute/<str:signed>/", mute_from_mail, name="notify-mute"),
    path(f"{RUN_URL}follow/", follow_this_run, name="run-follow"),
    path(f"{EXPERIMENT_URL}follow/", follow_this_experiment, name="experiment-follow"),
    path(
        f"{WORKSPACE_URL}views/<str:slug>/follow/", follow_this_view, name="view-follow"
    ),
]
