"""The form that creates a public link."""

from __future__ import annotations

from runs.pages.requests import CountField, PageForm, TextField


class ShareForm(PageForm):
    """What to share, a view by its slug or a run by its id, and for how many days."""

    view = TextField(strip=False)
    run = TextField(strip=False)
    note = TextField()
    days = CountField(max_digits=4)
