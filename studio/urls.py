"""Every address of the server; the rooms' own files list theirs."""

from django.urls import include, path

urlpatterns = [
    # Addresses are tried in this order, and scripts call more often than people do.
    path("", include("runs.api.urls")),
    path("", include("runs.pages.urls")),
]

handler400 = "runs.access.error_responses.bad_request"
handler403 = "runs.access.error_responses.not_allowed"
handler404 = "runs.access.unknown_addresses.not_found"
handler500 = "runs.access.error_responses.server_error"
