"""A filter of several lines in the search box, which has but one.

A browser drops line breaks from a box, and with them the value that holds one. So the
box shows a blank for each, and its form has the filter as it is beside that.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, unquote

from runs.pages.members_only import PageRequest

#: The form's field for the filter as it is, escaped: browsers change line breaks.
LINES = "lines"
_BREAK = re.compile(r"[\r\n]")


def in_one_line(q: str) -> str:
    """The filter as the box shows it: of the same length."""
    return _BREAK.sub(" ", q)


def beside_box(q: str) -> list[tuple[str, str]]:
    """What the form says beside the box."""
    return [(LINES, quote(q, safe=""))] if _BREAK.search(q) else []


def take_lines(request: PageRequest) -> bool:
    """Gives a filter from the box its line breaks back; whether it had any."""
    if LINES not in request.GET:
        return False
    given: Any = request.GET.copy()
    whole = unquote(given.pop(LINES)[-1])
    given["q"] = rejoined(whole, given.get("q", ""))
    request.GET = given
    return True


def take_form(request: PageRequest) -> None:
    """Undoes what a form that is sent without a script does to line breaks."""
    if request.htmx or not {"apply", "again"} & request.GET.keys():
        return
    given: Any = request.GET.copy()
    for name, values in request.GET.lists():
        given.setlist(name, [each.replace("\r\n", "\n") for each in values])
    request.GET = given


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
