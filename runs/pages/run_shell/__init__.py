"""What every tab of the run page has: head, allowed actions, editors, empty states."""

from __future__ import annotations

from runs.pages.run_shell.allowed_actions import (
    FORCE_DELAY_MS,
    MANUAL_END_STATUSES,
    can_force,
    cancel_refusal,
    finish_refusal,
    role_refusal,
)
from runs.pages.run_shell.editors import (
    FORM_ERROR_STATUS,
    show_editor,
    show_saved,
    toast_header,
    undo_path,
)
from runs.pages.run_shell.empty_states import (
    EmptyState,
    empty_state_of,
)
from runs.pages.run_shell.head import (
    etag_of,
    find_head,
    head_context,
    is_unchanged,
    not_modified,
    show_tab,
    with_etag,
)

__all__ = [
    "FORCE_DELAY_MS",
    "FORM_ERROR_STATUS",
    "MANUAL_END_STATUSES",
    "EmptyState",
    "can_force",
    "cancel_refusal",
    "empty_state_of",
    "etag_of",
    "find_head",
    "finish_refusal",
    "head_context",
    "is_unchanged",
    "not_modified",
    "role_refusal",
    "show_editor",
    "show_saved",
    "show_tab",
    "toast_header",
    "undo_path",
    "with_etag",
]
