"""The filter language's operators in words."""

from __future__ import annotations

from django.utils.translation import gettext as _

from studio.core.filters import fields

#: "In the last week" and "longer ago than a week".
LAST, OLDER = "last", "older"


def operator_label(op: str, kind: str = "") -> str:
    """An operator in words; `kind` is what its field holds."""
    if kind == fields.TIME:
        words = {
            LAST: _("in the last"),
            OLDER: _("longer ago than"),
            ">=": _("on or after"),
            "<=": _("on or before"),
            ">": _("after"),
            "<": _("before"),
            "=": _("on"),
            "!=": _("not on"),
        }
        if op in words:
            return words[op]
    return {
        "=": _("is"),
        "!=": _("is not"),
        "in": _("is any of"),
        "not in": _("is none of"),
        "<": _("less than"),
        "<=": _("at most"),
        ">": _("more than"),
        ">=": _("at least"),
        "between": _("between"),
        "like": _("matches the pattern"),
        "not like": _("does not match"),
        "ilike": _("matches, ignoring case"),
        "not ilike": _("does not match, ignoring case"),
        "contains": _("contains"),
        "not contains": _("does not contain"),
        "is null": _("has no value"),
        "is not null": _("has a value"),
    }[op]
