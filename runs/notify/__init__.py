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

__all__ = [
    "Mail",
    "MailConnection",
    "PermanentMailError",
    "TemporaryMailError",
    "is_mail_configured",
    "message_id",
]
