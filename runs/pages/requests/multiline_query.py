"""A filter of several lines in the search box, which has but one.

A browser drops line breaks from a box, and with them the value that holds one. So the
box shows a blank for each, and its form has the filter as it is beside that.
"""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

from django.http import QueryDict

#: The form's field for the filter as it is, escaped: browsers change line breaks.
LINES = "lines"
_BREAK = re.compile(r"[\r\n]")


def in_one_line(q: str) -> str:
    """The filter as the box shows it: of the same length."""
    return _BREAK.sub(" ", q)


def beside_box(q: str) -> list[tuple[str, str]]:
    """What the form says beside the box."""
    return [(LINES, quote(q, safe=""))] if _BREAK.search(q) else []


def with_lines(given: QueryDict) -> QueryDict:
    """What a list's form sends, with the line breaks that the box has dropped."""
    if LINES not in given:
        return given
    found = given.copy()
    whole = unquote(str(found.pop(LINES)[-1]))
    found["q"] = rejoined(whole, given.get("q", ""))
    return found


def with_plain_breaks(given: QueryDict) -> QueryDict:
    """What a form sends without a script, which makes two characters of a break."""
    found = given.copy()
    for name, values in given.lists():
        found.setlist(name, [each.replace("\r\n", "\n") for each in values])
    return found


def rejoined(whole: str, typed: str) -> str:
    """`typed` in the box for `whole`: what stayed at both ends is as it was."""
    shown = in_one_line(whole)
    start = _alike(shown, typed)
    end = _alike(shown[start:][::-1], typed[start:][::-1])
    return whole[:start] + typed[start : len(typed) - end] + whole[len(whole) - end :]


def _alike(one: str, other: str) -> int:
    """How many characters both begin with."""
    pairs = enumerate(zip(one, other, strict=False))
    room = min(len(one), len(other))
    return next((n for n, (mine, its) in pairs if mine != its), room)
