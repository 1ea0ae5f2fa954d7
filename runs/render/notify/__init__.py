"""Mails as text and HTML, and how often a rule fired."""

from __future__ import annotations

from runs.render.notify.day_bars import draw_day_bars
from runs.render.notify.mail import (
    ConfirmationMail,
    MailFact,
    MailLink,
    QuotaMail,
    RunMail,
    SignInMail,
    confirmation_mail_bodies,
    quota_mail_bodies,
    run_mail_bodies,
    sign_in_mail_bodies,
)

__all__ = [
    "ConfirmationMail",
    "MailFact",
    "MailLink",
    "QuotaMail",
    "RunMail",
    "SignInMail",
    "confirmation_mail_bodies",
    "draw_day_bars",
    "quota_mail_bodies",
    "run_mail_bodies",
    "sign_in_mail_bodies",
]
