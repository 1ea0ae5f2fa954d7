"""Every address of the server; the rooms' own files list theirs."""

from django.urls import include, path

urlpatterns = [
    path("", include("runs.pages.urls")),
    path("", include("runs.api.urls")),
]
