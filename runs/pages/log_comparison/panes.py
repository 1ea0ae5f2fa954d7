"""The two panes: which run and file each shows, and its rows as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.utils.safestring import SafeString, mark_safe

from runs.models import File, Run
from runs.pages.log_comparison.state import LEFT, RIGHT, PairState
from runs.pages.logs import search_context
from runs.pages.requests import PageRequest
from runs.render.files import is_text
from runs.render.formats import run_path
from runs.render.logs import LineDifference, LogLine, line_difference, line_html
from runs.search.files import find_files, find_log, list_files
from runs.search.logs import LogPair, LogRow, LogSource, source_of_file

#: A line of the other log has no counterpart here.
_FILLER = '<div class="line filler"></div>'


@dataclass(frozen=True)
class Pane:
    """A run and its log; the source is None if the run has no log."""

    side: str
    run: Run
    source: LogSource | None
    #: The file that the address names, if the run has no such file.
    missing: str = ""

    @property
    def path(self) -> str:
        return self.source.path if self.source else ""

    @property
    def is_right(self) -> bool:
        return self.side == RIGHT


def choose_runs(runs: Sequence[Run], state: PairState) -> tuple[Run, Run | None]:
    """Return the runs of both panes; the right one is None if it must be chosen."""
    by_id = {run.run_id: run for run in runs}
    left = by_id.get(state.left, runs[0])
    right = by_id.get(state.right)
    if right is None:
        # With one run, two of its files can be compared.
        other = next((run for run in runs if run != left), None)
        right = other or (left if state.to else None)
    return left, right


def open_pane(state: PairState, side: str, run: Run, same_path: str = "") -> Pane:
    """Find the file that the address names, else the same path, else the main log.

    At most three queries.
    """
    wanted = state.to if side == RIGHT else state.path
    file = _find_file(run, wanted or same_path)
    missing = wanted if file is None else ""
    file = file or find_log(run)
    return Pane(side, run, source_of_file(run, file) if file else None, missing)


def text_files(pane: Pane) -> list[str]:
    """Return the text files of the pane's run; of many, the first ones."""
    listed = [each.path for each in list_files(pane.run).own if is_text(each.name)]
    return [*dict.fromkeys([*listed, *filter(None, [pane.path])])]


def _find_file(run: Run, path: str) -> File | None:
    return find_files(run, [path]).get(path) if path else None


def pane_context(
    request: PageRequest, state: PairState, pane: Pane, pair: LogPair | None
) -> dict[str, Any]:
    """Return the context of `_log_pane.html`."""
    base = run_path(request.workspace.name, pane.run.run_id)
    query = f"path={quote(pane.path)}"
    number = int(pane.is_right)
    return {
        "pane": pane,
        "paths": text_files(pane),
        "run_href": base,
        "log_href": f"{base}files/?{query}",
        "search_href": f"{base}logs/search/?{query}",
        "total": pair.totals[number] if pair else 0,
        "hits": _hits(request, state, pane),
    }


def _hits(request: PageRequest, state: PairState, pane: Pane) -> dict[str, Any] | None:
    pattern = state.pattern()
    if pattern is None or pane.source is None:
        return None
    base = run_path(request.workspace.name, pane.run.run_id)
    further = f"path={quote(pane.path)}&q={quote(state.q)}"
    return {
        **search_context(pane.source, pattern),
        "log_href": state.href_at(of=pane.side),
        "next_href": f"{base}files/?{further}{'&regex=1' if state.regex else ''}",
    }


def rows_html(
    state: PairState, rows: Sequence[LogRow]
) -> tuple[SafeString, SafeString]:
    """Return the lines of both panes, with marks where the lines of a row differ."""
    query = state.pair_query()
    left: list[str] = []
    right: list[str] = []
    for row in rows:
        marked = row.right if query.side else row.left
        is_marked = marked is not None and marked.number == query.line
        difference = None
        if row.left is not None and row.right is not None:
            difference = line_difference(row.left.text, row.right.text)
        left.append(_line_html(state, row.left, LEFT, difference, is_marked=is_marked))
        right.append(
            _line_html(state, row.right, RIGHT, difference, is_marked=is_marked)
        )
    # Each line was escaped where it was made.
    return mark_safe("".join(left)), mark_safe("".join(right))  # noqa: S308


def _line_html(
    state: PairState,
    line: LogLine | None,
    side: str,
    difference: LineDifference | None,
    *,
    is_marked: bool,
) -> str:
    if line is None:
        return _FILLER
    classes = ["marked"] if is_marked else []
    marks: Sequence[tuple[int, int]] = ()
    if difference is not None:
        classes.append("differs")
        marks = difference.right if side == RIGHT else difference.left
        if difference.is_whole:
            classes.append("differs-whole")
    return line_html(
        line,
        marks,
        prefix=side[0],
        href=f"{state.href_at(of=side)}&line={{}}",
        added_class=" ".join(classes),
    )
