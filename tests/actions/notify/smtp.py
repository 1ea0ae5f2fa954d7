"""A real SMTP server in a thread, which keeps what it accepts."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller

from studio.settings.mail_server import MailServer


class Postbox:
    """The mails that a server accepted; `answer` is its next reply to a mail."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.answer = "250 OK"
        self.answer_to_recipient = "250 OK"
        #: Called when a mail has arrived, before the server replies.
        self.on_mail: Callable[[], None] = lambda: None
        self.server = MailServer("127.0.0.1", 0)

    async def handle_RCPT(  # noqa: N802 a name of aiosmtpd's
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if self.answer_to_recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.answer_to_recipient

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        if self.answer.startswith("250"):
            mail = email.message_from_bytes(
                envelope.content, policy=email.policy.default
            )
            self.mails.append(mail)
        self.on_mail()
        return self.answer


class _FreePort(Controller):
    """Listens on a port that the system chooses."""

    def _trigger_server(self) -> None:
        server: Any = self.server
        self.port = server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def smtp_server() -> Iterator[Postbox]:
    postbox = Postbox()
    controller = _FreePort(postbox, hostname="127.0.0.1", port=0)
    controller.start()
    try:
        postbox.server = MailServer("127.0.0.1", controller.port)
        yield postbox
    finally:
        controller.stop()


def body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")
