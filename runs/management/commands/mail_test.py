"""`manage.py mail-test ADDRESS`: send one mail, to check EMAIL_URL and EMAIL_FROM."""

from __future__ import annotations

from argparse import ArgumentParser
from contextlib import closing
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.forms import ValidationError

from runs.management.home import base_url
from runs.models import now_ms
from runs.notify import (
    Mail,
    MailConnection,
    PermanentMailError,
    TemporaryMailError,
    message_id,
)


class Command(BaseCommand):
    help = "Send a test mail to ADDRESS with the mail server of EMAIL_URL."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("address", metavar="ADDRESS")

    def handle(self, *_args: Any, **options: Any) -> None:
        server = settings.MAIL_SERVER
        if server is None:
            raise CommandError(
                "EMAIL_URL is not set. Set it to your mail server, such as "
                "smtp://user:password@mail.example.org, and EMAIL_FROM to the sender."
            )
        address = options["address"]
        try:
            validate_email(address)
        except ValidationError as error:
            raise CommandError(f"{address!r} is not an email address.") from error
        try:
            with closing(MailConnection()) as connection:
                connection.send(_test_mail(address))
        except (PermanentMailError, TemporaryMailError) as error:
            raise CommandError(
                f"{server.host}:{server.port} did not accept the mail: {error}"
            ) from error
        self.stdout.write(f"{server.host}:{server.port} accepted a mail to {address}.")


def _test_mail(address: str) -> Mail:
    text = f"This mail was sent by Run Studio ({base_url()}).\n\nMails work.\n"
    html = f"<p>This mail was sent by Run Studio ({base_url()}).</p><p>Mails work.</p>"
    subject = "Test mail of Run Studio"
    return Mail(address, subject, text, html, message_id(f"test.{now_ms()}"))
