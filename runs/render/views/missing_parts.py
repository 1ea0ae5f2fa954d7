"""What a view names and is gone, said to its reader."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

#: More names than these are counted.
_NAMED = 3


def missing_words(kind: str, names: list[str]) -> str:
    """`kind` is experiment, column or run."""
    shown = ", ".join(names[:_NAMED])
    if len(names) > _NAMED:
        more = len(names) - _NAMED
        shown += ngettext(" and %s more", " and %s more", more) % more
    if kind == "experiment":
        return _("The experiment %s is deleted: all runs are shown.") % shown
    if kind == "column":
        return (
            ngettext(
                "No run has what the column %s shows.",
                "No run has what the columns %s show.",
                len(names),
            )
            % shown
        )
    return (
        ngettext(
            "The run %s, which the view names, is deleted.",
            "The runs %s, which the view names, are deleted.",
            len(names),
        )
        % shown
    )
