"""Descriptions: editor, versions, and references to runs, files and metrics."""

from __future__ import annotations

from runs.pages.descriptions.completion import (
    complete_run_reference,
    show_suggestions,
)
from runs.pages.descriptions.editor import (
    DescriptionEditor,
    attach_uploaded_picture,
    open_description_editor,
    picture_markdown,
    save_description,
)
from runs.pages.descriptions.references import (
    render_description,
)
from runs.pages.descriptions.urls import (
    urlpatterns,
)
from runs.pages.descriptions.versions import (
    DescriptionVersionsPage,
    restore_description,
    show_description_versions,
)

__all__ = [
    "DescriptionEditor",
    "DescriptionVersionsPage",
    "attach_uploaded_picture",
    "complete_run_reference",
    "open_description_editor",
    "picture_markdown",
    "render_description",
    "restore_description",
    "save_description",
    "show_description_versions",
    "show_suggestions",
    "urlpatterns",
]
