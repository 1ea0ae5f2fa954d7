"""Channels by which notifications leave the server; each is a module of its own."""

from __future__ import annotations

from runs.notify.email import (
    Mail,
    MailConnection,
    PermanentMailError,
    TemporaryMailError,
    is_mail_configured,
    message_id,
)
from runs.notify.webhooks import (
    HookMessage,
    PermanentHookError,
    TemporaryHookError,
    check_webhook_address,
    post_to_webhook,
    sign_message,
)

__all__ = [
    "HookMessage",
    "Mail",
    "MailConnection",
    "PermanentHookError",
    "PermanentMailError",
    "TemporaryHookError",
    "TemporaryMailError",
    "check_webhook_address",
    "is_mail_configured",
    "message_id",
    "post_to_webhook",
    "sign_message",
]
