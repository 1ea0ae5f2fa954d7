"""What the search box says about a filter that could not be read or answered."""

from __future__ import annotations

import re
from typing import Any

from runs.pages.lists.list_state import in_one_line
from studio.core.errors import StudioError
from studio.core.view_spec import ViewSpec

_PLACE = re.compile(r"(?P<what>.*?)(?P<where>(?: after \S+)? at character \d+\.)\s*")


def filter_problem(
    spec: ViewSpec, error: StudioError, *, rows_stay: bool
) -> dict[str, Any]:
    details = error.details
    # It lies under the text of the box.
    text = in_one_line(spec.q)
    start = int(details.get("position", len(text)))
    end = start + max(int(details.get("length", 0)), 1)
    what, where, hint = _sentences(error.message)
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


def _sentences(message: str) -> tuple[str, str, str]:
    """What was expected, where, and the hint; suggestions are links, so not text."""
    message = message.partition(" Try ")[0]
    found = _PLACE.match(message)
    if found is None:
        return message, "", ""
    return found["what"], found["where"], message[found.end() :]
