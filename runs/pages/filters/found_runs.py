"""The runs that a typed word finds: the search box offers to open them."""

from __future__ import annotations

from dataclasses import dataclass

from runs.pages.lists import ListState
from runs.render.formats import run_path
from runs.search.run_list import find_runs
from studio.core.errors import StudioError
from studio.core.filters.completion import FIELD, CompletionContext

#: Shorter words find too many runs.
MIN_CHARACTERS, MAX_RUNS = 3, 3


@dataclass(frozen=True)
class FoundRun:
    name: str
    href: str
    experiment: str


def find_runs_of_word(state: ListState, word: CompletionContext) -> list[FoundRun]:
    """Return the newest runs with the word, among those of the rest of the filter."""
    if word.what != FIELD or word.kind or len(word.part) < MIN_CHARACTERS:
        return []
    text = f"{word.others} {word.part}".strip()
    spec = state.spec.changed(
        q=state.scope.scoped(text),
        children=True,
        flat=True,
        group=None,
        selected=(),
        only=False,
        rows=MAX_RUNS,
    )
    try:
        page = find_runs(
            spec,
            state.viewer,
            state.workspace,
            experiment=state.experiment,
            now=state.now,
        )
    except StudioError:
        # What is typed is no filter yet, or its runs take too long to find.
        return []
    return [
        FoundRun(
            row.run.name,
            run_path(state.workspace.name, row.run.run_id),
            row.run.experiment.name,
        )
        for row in page.rows
    ]
