"""What all tabs of the run page share: head, allowed actions, editors, empty states."""

from __future__ import annotations

from runs.pages.run_shell.allowed_actions import (
    can_force_cancel,
    can_force_stop,
    can_receive_cancel,
    cancel_refusal,
    finish_refusal,
    resubmit_refusal,
    role_refusal,
)
from runs.pages.run_shell.editors import (
    run_undo_path,
    show_editor,
    show_saved_change,
    toast_header,
)
from runs.pages.run_shell.empty_states import (
    EmptyState,
    empty_state_of,
)
from runs.pages.run_shell.head import (
    find_run_head,
    head_context,
    is_page_unchanged,
    page_etag,
    page_not_modified,
    show_run_tab,
    with_page_etag,
)

__all__ = [
    "EmptyState",
    "can_force_cancel",
    "can_force_stop",
    "can_receive_cancel",
    "cancel_refusal",
    "empty_state_of",
    "find_run_head",
    "finish_refusal",
    "head_context",
    "is_page_unchanged",
    "page_etag",
    "page_not_modified",
    "resubmit_refusal",
    "role_refusal",
    "run_undo_path",
    "show_editor",
    "show_run_tab",
    "show_saved_change",
    "toast_header",
    "with_page_etag",
]
