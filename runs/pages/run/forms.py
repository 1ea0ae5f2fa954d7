"""The forms that change a run."""

from __future__ import annotations

from django.utils.translation import gettext as _

from runs.actions.bulk import MANUAL_END_STATUSES
from runs.pages.requests import (
    CountField,
    FlagField,
    OptionalTextField,
    PageForm,
    TextField,
)
from studio.core.errors import InvalidValue
from studio.core.statuses import RunStatus


class RenameForm(PageForm):
    """`seen` is the version token of the name that the editor showed."""

    name = TextField()
    seen = OptionalTextField()


class TagForm(PageForm):
    """Adds `tag` ("key: value"), sets the `value` of `key`, or removes a tag.

    The run page names the tag to remove in `remove`, a row of the run list in `drop`:
    a field named "remove" would hide a method of the form from that page's script.
    """

    tag = TextField(strip=False)
    key = OptionalTextField()
    value = TextField()
    seen = TextField(strip=False)
    remove = OptionalTextField()
    drop = OptionalTextField()


class OnOffForm(PageForm):
    """Turns something on, or off with `on=0`."""

    on = FlagField(default=True)


class ColorForm(PageForm):
    """A color of the series; empty for none."""

    color = CountField(max_digits=2)


class CancelForm(PageForm):
    children = FlagField()


def read_end_status(word: str) -> RunStatus:
    for status in MANUAL_END_STATUSES:
        if status.value == word:
            return status
    allowed = ", ".join(MANUAL_END_STATUSES)
    raise InvalidValue(
        _("status must be one of %(allowed)s, not %(word)r")
        % {"allowed": allowed, "word": word},
        field="status",
    )


class FinishForm(PageForm):
    """How a run ended; `reason` is shown as the error of a failed run."""

    status = TextField(read_end_status, strip=False)
    reason = TextField()
