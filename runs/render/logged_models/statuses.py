"""The statuses of logged models as pages name them."""

from __future__ import annotations

from django.utils.translation import pgettext, pgettext_lazy

_LABELS = {
    "LOGGED_MODEL_PENDING": pgettext_lazy("status of a logged model", "Pending"),
    "LOGGED_MODEL_READY": pgettext_lazy("status of a logged model", "Ready"),
    "LOGGED_MODEL_UPLOAD_FAILED": pgettext_lazy(
        "status of a logged model", "Upload failed"
    ),
}


def model_status_label(status: str) -> str:
    """Return the label of a status as MLflow names it."""
    known = _LABELS.get(status)
    return str(known) if known else pgettext("status of a logged model", "Unknown")
