"""The forms of targets, agents, queued runs and secrets."""

from __future__ import annotations

from django.utils.translation import gettext as _

from runs.pages.requests import (
    CountField,
    FlagField,
    PageForm,
    TextField,
    plain_line_breaks,
)
from studio.core.errors import InvalidValue


def _read_number(text: str) -> int:
    is_number = text.removeprefix("-").isdecimal() and len(text) <= 9
    if not is_number:
        raise InvalidValue(_("The priority is a whole number."), field="priority")
    return int(text)


class OnOffForm(PageForm):
    on = FlagField(default=True)


class TargetForm(PageForm):
    """The name and kind count only for a new target; without a limit there is none."""

    name = TextField()
    kind = TextField()
    settings = TextField(plain_line_breaks)
    description = TextField()
    max_per_member = TextField()
    lease_seconds = CountField(max_digits=6)


class AgentForm(PageForm):
    target = TextField()
    days = CountField(max_digits=4)


class PriorityForm(PageForm):
    priority = TextField(_read_number)


class SecretForm(PageForm):
    name = TextField()
    # Blanks can be part of a secret.
    value = TextField(plain_line_breaks, strip=False)
