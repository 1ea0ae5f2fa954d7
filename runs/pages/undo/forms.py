"""The form that undoes a change."""

from __future__ import annotations

from runs.pages.requests import FlagField, PageForm


class UndoForm(PageForm):
    """`anyway` undoes a change although something was changed after it."""

    anyway = FlagField()
