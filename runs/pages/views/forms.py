"""The forms of views."""

from __future__ import annotations

from runs.pages.requests import (
    CountField,
    FlagField,
    MarkdownField,
    OptionalTextField,
    PageForm,
    PresenceField,
    TextField,
)


class SaveViewForm(PageForm):
    """`state` is the query string of the list, `seen` the revision it began from."""

    state = TextField(strip=False)
    seen = CountField(max_digits=9)


class RestoreVersionForm(PageForm):
    seen = CountField(max_digits=9)


class ViewForm(PageForm):
    """Creates a view from `state`, or changes the view that `seen` is a token of."""

    name = TextField()
    description = MarkdownField()
    shared = FlagField()
    locked = FlagField()
    state = TextField(strip=False)
    seen = OptionalTextField()
    preview = PresenceField()


class DeleteViewForm(PageForm):
    back = TextField(strip=False)


class DefaultViewForm(PageForm):
    """`view` is the slug of a view, "default", or empty for none."""

    view = TextField(strip=False)
    scope = TextField(strip=False)
    on = FlagField(default=True)
    everybody = FlagField()

    def add_prefix(self, field_name: str) -> str:
        # Addresses name the list "in", which is a keyword of Python.
        return super().add_prefix("in" if field_name == "scope" else field_name)
