"""Create, save, share and delete custom views."""

from __future__ import annotations

from runs.actions.views.stars_and_defaults import (
    clear_default_view,
    set_default_view,
    star_view,
)
from runs.actions.views.undo import can_undo_view_field, undo_view_change
from runs.actions.views.views import (
    EDITABLE_FIELDS,
    ViewState,
    create_view,
    delete_view,
    edit_view,
    editable_fields_token,
    read_view_state,
    restore_revision,
    restore_view,
    save_view,
)

__all__ = [
    "EDITABLE_FIELDS",
    "ViewState",
    "can_undo_view_field",
    "clear_default_view",
    "create_view",
    "delete_view",
    "edit_view",
    "editable_fields_token",
    "read_view_state",
    "restore_revision",
    "restore_view",
    "save_view",
    "set_default_view",
    "star_view",
    "undo_view_change",
]
