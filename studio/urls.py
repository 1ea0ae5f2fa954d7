"""Every address of the server; the rooms' own files list theirs."""

from django.urls import include, path

urlpatterns = [
    # Addresses are tried in this order, and scripts call more often than people do.
    path("", include("runs.api.urls")),
    path("", include("runs.pages.urls")),
]

handler400 = "runs.access.answers.bad_request"
handler403 = "runs.access.answers.not_allowed"
handler404 = "runs.access.answers.not_found"
handler500 = "runs.access.answers.server_error"
