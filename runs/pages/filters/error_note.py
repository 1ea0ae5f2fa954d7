"""What the search box says about a filter that could not be read or answered."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from runs.pages.lists import in_one_line
from studio.core.errors import StudioError
from studio.core.messages import Message, translated, translated_values
from studio.core.view_spec import ViewSpec


def filter_problem(
    spec: ViewSpec, error: StudioError, *, rows_stay: bool
) -> dict[str, Any]:
    details = error.details
    # It lies under the text of the box.
    text = in_one_line(spec.q)
    start = int(details.get("position", len(text)))
    end = start + max(int(details.get("length", 0)), 1)
    what, where, hint = _sentences(error)
    return {
        "what": what,
        "where": where,
        "hint": hint,
        "rows_stay": rows_stay,
        "before": text[:start],
        # Past the end there is nothing to underline but a blank.
        "wrong": text[start:end] or ("\u00a0\u00a0" if "position" in details else ""),
        "after": text[end:],
        "suggestions": [
            (each["text"], "?" + spec.to_query(q=each["filter"]))
            for each in details.get("suggestions", ())
        ],
    }


def _sentences(error: StudioError) -> tuple[str, str, str]:
    """Return what was expected, where, and the hint. Suggestions are links."""
    summary = error.details.get("summary")
    if not isinstance(summary, Message):
        return error.message, "", ""
    parts = translated_values(summary.values)
    where = _(" at character %(position)s.") % {"position": parts["position"]}
    return parts["what"], where, translated(error.details.get("hint", ""))
