"""The state of the comparison of logs: read from its address, written into links."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Any

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from runs.pages.compare import runs_query
from runs.search.compare import MAX_COMPARED
from runs.search.logs import (
    ALIGNMENTS,
    BY_LINE,
    LogFilter,
    LogPattern,
    PairQuery,
    check_levels,
)
from studio.core.errors import InvalidValue

_CURSOR = re.compile(r"(\d{1,15})-(\d{1,15})", re.ASCII)
_NUMBER = re.compile(r"\d{1,15}", re.ASCII)
LEFT, RIGHT = "left", "right"


@dataclass(frozen=True)
class PairState:
    """The state of the page. All runs of the comparison can be chosen on each side.

    `left` and `right` are runs, by default the first two. `path` is the left file, `to`
    the right one, by default the same path. With `level`, or with `only` and `q`, only
    lines that match are shown. `line` is a line of the side `of`. `start` and `before`
    are cursors of rows, as in `120-118`.
    """

    runs: tuple[str, ...] = ()
    left: str = ""
    right: str = ""
    path: str = ""
    to: str = ""
    align: str = BY_LINE
    q: str = ""
    regex: str = ""
    level: str = ""
    only: str = ""
    line: str = ""
    of: str = LEFT
    start: str = ""
    before: str = ""
    end: str = ""

    def query(self, **changes: Any) -> str:
        """The query string of this state with `changes`, defaults left out."""
        return runs_query(replace(self, **changes))

    def href(self, **changes: Any) -> str:
        return "?" + self.query(**changes)

    def href_at(self, **position: str) -> str:
        """The address of other rows of the same logs."""
        nowhere = {"line": "", "of": LEFT, "start": "", "before": "", "end": ""}
        return self.href(**{**nowhere, **position})

    @property
    def is_filtered(self) -> bool:
        return bool(self.level or (self.q and self.only))

    def pattern(self) -> LogPattern | None:
        """What is searched for. Raises InvalidValue."""
        return LogPattern(self.q, is_regex=bool(self.regex)) if self.q else None

    def pair_query(self) -> PairQuery:
        """What the address shows. Raises InvalidValue."""
        if self.line and not _NUMBER.fullmatch(self.line):
            raise InvalidValue(_("line must be a whole number."), field="line")
        return PairQuery(
            self.align,
            start=_parse_cursor("start", self.start),
            before=_parse_cursor("before", self.before),
            is_end=bool(self.end),
            line=int(self.line) if self.line else None,
            side=int(self.of == RIGHT),
            filter=LogFilter(
                check_levels([self.level]), self.pattern() if self.only else None
            ),
        )


def read_pair_state(query: QueryDict) -> PairState:
    """Read the state from an address; unknown values of choices are left out."""
    values: dict[str, Any] = {
        each.name: query.get(each.name, "") or each.default
        for each in fields(PairState)[1:]
    }
    if values["align"] not in ALIGNMENTS:
        values["align"] = BY_LINE
    if values["of"] != RIGHT:
        values["of"] = LEFT
    if not check_levels([values["level"]]):
        values["level"] = ""
    runs = dict.fromkeys(filter(None, query.getlist("run")))
    return PairState(runs=tuple(runs)[:MAX_COMPARED], **values)


def log_comparison_href(workspace: str, runs: Iterable[str], **state: str) -> str:
    """Return the address that compares logs of runs."""
    shown = PairState(runs=tuple(runs), **state)
    return f"{reverse('log-comparison', args=[workspace])}{shown.href()}"


def _parse_cursor(name: str, text: str) -> tuple[int, int] | None:
    if not text:
        return None
    found = _CURSOR.fullmatch(text)
    if found is None:
        raise InvalidValue(
            _("%(name)s must be two line numbers, as in 120-118.") % {"name": name},
            field=name,
        )
    return max(1, int(found[1])), max(1, int(found[2]))
