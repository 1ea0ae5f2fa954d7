"""Errors of the filter language: where, what was expected, and what would work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from studio.core.errors import InvalidFilter
from studio.core.messages import Message, alternatives, message, sentences


def filter_error(
    what: str,
    position: int,
    length: int,
    *,
    text: str,
    expected: str = "",
    hint: str = "",
    replace: tuple[int, int] = (-1, -1),
    options: Sequence[str] = (),
) -> InvalidFilter:
    """An InvalidFilter with its details.

    `what` says what was expected, `hint` why. `options` are texts that can replace
    `text[replace[0]:replace[1]]` (by default, the underlined part). Each becomes a
    suggestion with the whole corrected filter.
    """
    start, end = replace if replace[0] >= 0 else (position, position + length)
    suggestions = [
        {
            "text": option,
            "filter": (text[:start] + option + text[end:]).strip(),
            "end": start + len(option),
        }
        for option in options
    ]
    return _syntax_error(
        summary=message(
            "%(what)s at character %(position)s.", what=what, position=position + 1
        ),
        hint=hint,
        position=position,
        length=length,
        expected=expected,
        suggestions=suggestions,
    )


def with_suggestions(
    error: InvalidFilter, first_error_position: Callable[[str], int | None]
) -> InvalidFilter:
    """The error with those suggestions that fix the filter, or else their part.

    The first, which is the likeliest, is also offered if it fixes only its part.
    `first_error_position` returns where a text has its first error, or None.
    """
    whole, part = [], []
    for suggestion in error.details["suggestions"]:
        place = first_error_position(suggestion["filter"])
        shown = {key: suggestion[key] for key in ("text", "filter")}
        if place is None:
            whole.append(shown)
        elif place >= suggestion["end"]:
            part.append(shown)
    if whole and part and part[0]["text"] == error.details["suggestions"][0]["text"]:
        whole.insert(0, part[0])
    return _syntax_error(**{**error.details, "suggestions": whole or part})


def _syntax_error(**details: Any) -> InvalidFilter:
    parts = [
        details["summary"],
        details["hint"],
        suggestion_sentence(details["suggestions"]),
    ]
    return InvalidFilter(sentences(parts), **{"field": "q", **details})


def summary_of(error: InvalidFilter) -> str:
    """Return what an error of the filter language expected, without its position."""
    summary = error.details.get("summary")
    # Errors of MLflow's language have no summary.
    return str(summary.values["what"]) if isinstance(summary, Message) else str(error)


def suggestion_sentence(suggestions: Sequence[dict[str, Any]]) -> str:
    """Return `Try a or b.` for an error's suggestions, "" without any."""
    if not suggestions:
        return ""
    texts = [str(each["text"]) for each in suggestions]
    return message("Try %(options)s.", options=alternatives(texts))
