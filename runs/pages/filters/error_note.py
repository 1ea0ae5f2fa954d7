"""The message below the search box about a filter that can't be applied."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import pgettext

from runs.pages.lists import in_one_line
from studio.core.errors import StudioError
from studio.core.messages import Message, translated, translated_values
from studio.core.view_spec import ViewSpec


def filter_problem_context(
    spec: ViewSpec, error: StudioError, *, rows_stay: bool
) -> dict[str, Any]:
    return filter_note_context(
        spec.q, error, lambda q: "?" + spec.to_query(q=q), rows_stay=rows_stay
    )


def filter_note_context(
    filter_text: str,
    error: StudioError,
    href_of: Callable[[str], str],
    *,
    rows_stay: bool,
) -> dict[str, Any]:
    """Return the message about a filter; `href_of` returns the list's address with one.

    `rows_stay` is whether the rows below show the filter before it.
    """
    details = error.details
    # The message underlines part of the text in the box, which has one line.
    text = in_one_line(filter_text)
    start = int(details.get("position", len(text)))
    end = start + max(int(details.get("length", 0)), 1)
    what, where, hint = _error_sentences(error)
    return {
        "what": what,
        "where": where,
        "hint": hint,
        "rows_stay": rows_stay,
        "before": text[:start],
        # At the end of the text, a blank is underlined.
        "wrong": text[start:end] or ("\u00a0\u00a0" if "position" in details else ""),
        "after": text[end:],
        "suggestions": [
            (each["text"], href_of(each["filter"]))
            for each in details.get("suggestions", ())
        ],
    }


def _error_sentences(error: StudioError) -> tuple[str, str, str]:
    """Return what was expected, where, and the hint. Suggestions are links."""
    summary = error.details.get("summary")
    if not isinstance(summary, Message):
        return error.message, "", ""
    parts = translated_values(summary.values)
    where = pgettext("after an error in a filter", " at character %(position)s.") % {
        "position": parts["position"]
    }
    return parts["what"], where, translated(error.details.get("hint", ""))
