"""Delete what has expired: trash, replaced files, links, sessions."""

from __future__ import annotations

from runs.actions.expiry.clock_jumps import (
    expiry_allowed,
    expiry_paused,
    skip_while_paused,
)
from runs.actions.expiry.expiry import (
    delete_expired_run_tokens,
    delete_expired_sign_ins,
    delete_replaced_files,
    purge_experiment,
    purge_old_trash,
)
from runs.actions.expiry.purge_change import PurgeChange
from runs.actions.expiry.retention_change import RetentionChange

__all__ = [
    "PurgeChange",
    "RetentionChange",
    "delete_expired_run_tokens",
    "delete_expired_sign_ins",
    "delete_replaced_files",
    "expiry_allowed",
    "expiry_paused",
    "purge_experiment",
    "purge_old_trash",
    "skip_while_paused",
]
