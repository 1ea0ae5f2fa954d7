"""A very large log that is shown while its lines are counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

from runs.pages.requests import PageRequest
from runs.render.logs import unnumbered_line_html
from runs.search.logs import LogSource, read_tail


@dataclass(frozen=True)
class UncountedLog:
    """The last lines without numbers; the address `again` counts more."""

    line_htmls: Sequence[SafeString]
    percent: int
    again: str


def read_uncounted_log(request: PageRequest, source: LogSource) -> UncountedLog | None:
    """Count more lines of a log; None if all are counted.

    Raises MissingBytes, OSError.
    """
    tail = read_tail(source)
    if tail is None:
        return None
    htmls = [unnumbered_line_html(line) for line in tail.lines]
    return UncountedLog(htmls, tail.percent, request.get_full_path())
