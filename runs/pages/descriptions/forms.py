"""The forms that edit a description, add pictures to it, and restore a version."""

from __future__ import annotations

from django import forms

from runs.pages.requests import (
    MarkdownField,
    PageForm,
    PresenceField,
    TextField,
)


class PictureForm(PageForm):
    picture = forms.FileField(required=False, allow_empty_file=True)


class DescriptionForm(PictureForm):
    """`seen` is the version token of the text that the editor showed.

    Without a script, `preview` and `attach` are buttons that save nothing.
    """

    text = MarkdownField(strip=False)
    seen = TextField(strip=False)
    preview = PresenceField()
    attach = PresenceField()


class RestoreForm(PageForm):
    version = TextField(strip=False)
