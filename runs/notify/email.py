"""Mails over SMTP, to the server of `EMAIL_URL`."""

from __future__ import annotations

import smtplib
from dataclasses import dataclass
from email.utils import parseaddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.smtp import EmailBackend

#: A server that does not answer holds up other mails for this long.
TIMEOUT_SECONDS = 10


class TemporaryMailError(Exception):
    """The mail was not accepted, and a later attempt can succeed.

    With `is_server` the server itself failed, so that other mails would fail, too.
    """

    def __init__(self, reason: str, *, is_server: bool) -> None:
        super().__init__(reason)
        self.is_server = is_server


class PermanentMailError(Exception):
    """The server refuses this mail or its recipient (SMTP replies from 500 on)."""


@dataclass(frozen=True)
class Mail:
    """A mail to one address; an empty `thread` or `unsubscribe` adds no header."""

    to: str
    subject: str
    text: str
    html: str
    #: The same at each attempt, so that receivers recognize a repetition.
    message_id: str
    #: The mails of one thread name the same id, which is of none of them.
    thread: str = ""
    #: An address that ends these mails with one POST request (RFC 8058).
    unsubscribe: str = ""


def is_mail_configured() -> bool:
    return settings.MAIL_SERVER is not None


def message_id(key: str) -> str:
    """Return the Message-ID of a key, with the domain of the sender (RFC 5322)."""
    domain = parseaddr(settings.MAIL_FROM)[1].rpartition("@")[2]
    return f"<{key}@{domain}>"


class MailConnection:
    """A connection to the mail server, opened by the first mail and used for more."""

    def __init__(self) -> None:
        server = settings.MAIL_SERVER
        assert server is not None
        self._backend = EmailBackend(
            host=server.host,
            port=server.port,
            username=server.user,
            password=server.password,
            use_tls=server.starts_tls,
            use_ssl=server.uses_tls,
            timeout=TIMEOUT_SECONDS,
        )

    def open(self) -> None:
        """Connect and sign in; raise TemporaryMailError."""
        try:
            self._backend.open()
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            reason = str(error) or type(error).__name__
            raise TemporaryMailError(reason, is_server=True) from error

    def send(self, mail: Mail) -> None:
        """Hand the mail over; raise TemporaryMailError or PermanentMailError."""
        message = _compose(mail)
        try:
            self._backend.open()
            self._backend.send_messages([message])
        except smtplib.SMTPRecipientsRefused as error:
            code, reply = next(iter(error.recipients.values()))
            raise _refusal(code, reply) from error
        except smtplib.SMTPDataError as error:
            raise _refusal(error.smtp_code, error.smtp_error) from error
        except smtplib.SMTPResponseException as error:
            # The sender or the password is refused: an operator can correct it.
            reason = f"{error.smtp_code} {_text(error.smtp_error)}"
            self._drop()
            raise TemporaryMailError(reason, is_server=True) from error
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            reason = str(error) or type(error).__name__
            raise TemporaryMailError(reason, is_server=True) from error

    def close(self) -> None:
        try:
            self._backend.close()
        except (smtplib.SMTPException, OSError):
            self._drop()

    def _drop(self) -> None:
        """Forget a connection whose state is unknown."""
        if self._backend.connection is not None:
            self._backend.connection.close()
            self._backend.connection = None


def _compose(mail: Mail) -> EmailMultiAlternatives:
    headers = {
        "Message-ID": mail.message_id,
        # Holiday replies would answer to an address that is not read (RFC 3834).
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }
    if mail.thread:
        headers["References"] = headers["In-Reply-To"] = mail.thread
    if mail.unsubscribe:
        headers["List-Unsubscribe"] = f"<{mail.unsubscribe}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    # A line break would begin another header.
    subject = " ".join(mail.subject.split())
    message = EmailMultiAlternatives(
        subject, mail.text, settings.MAIL_FROM, [mail.to], headers=headers
    )
    message.attach_alternative(mail.html, "text/html")
    return message


def _refusal(code: int, reply: bytes | str) -> Exception:
    reason = f"{code} {_text(reply)}"
    if code >= 500:
        return PermanentMailError(reason)
    return TemporaryMailError(reason, is_server=False)


def _text(reply: bytes | str) -> str:
    return reply.decode(errors="replace") if isinstance(reply, bytes) else reply
