"""Mails as text and HTML, and the lines of the inbox."""

from __future__ import annotations

from runs.render.notify.mail import (
    ConfirmationMail,
    MailFact,
    MailLink,
    RunMail,
    confirmation_mail_bodies,
    run_mail_bodies,
)

__all__ = [
    "ConfirmationMail",
    "MailFact",
    "MailLink",
    "RunMail",
    "confirmation_mail_bodies",
    "run_mail_bodies",
]
