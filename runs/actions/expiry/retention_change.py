"""What a retention rule does: it moves runs, or files of a kind, to the trash."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from runs.actions.actor import Actor
from runs.actions.bulk import BulkChange, Skip, write_flag_of_runs
from runs.actions.changes import Edit
from runs.actions.files import file_edit
from runs.models import File, RetentionKind, Run
from runs.search.retention import (
    files_of_kind,
    matching_runs,
    stays_expression,
    without_runs_of_kept_children,
)
from studio.core.batches import batches

#: A run can have thousands of files of a kind.
RUNS_PER_STEP = {RetentionKind.RUNS: 500}
RUNS_PER_STEP_OF_FILES = 20


@dataclass(frozen=True)
class RetentionChange(BulkChange):
    """Move runs that `q` still finds for the actor to the trash, or their files.

    What stays is decided again for each batch: since the rule was applied, a run can
    have been starred, locked or registered.
    """

    q: str
    what: RetentionKind
    actor: Actor
    now: int

    @property
    def action(self) -> str:
        is_runs = self.what == RetentionKind.RUNS
        return "retention of runs" if is_runs else "retention of files"

    def split(self, keys: Sequence[int]) -> Iterator[list[int]]:
        # Child runs first: a parent stays if one of them does.
        size = RUNS_PER_STEP.get(self.what, RUNS_PER_STEP_OF_FILES)
        for some in batches(sorted(set(keys), reverse=True), size):
            yield list(some)

    def find_skipped(self, runs: Sequence[Run]) -> dict[int, Skip]:
        if not runs:
            return {}
        keys = [run.pk for run in runs]
        matching = matching_runs(
            self.q, self.actor.user, runs[0].workspace, self.now
        ).filter(pk__in=keys)
        stays = dict(
            matching.annotate(stays=stays_expression()).values_list("pk", "stays")
        )
        found = {
            key: Skip(stays[key]) if key in stays else Skip.NO_MATCH
            for key in keys
            if stays.get(key, Skip.NO_MATCH.value)
        }
        if self.what == RetentionKind.RUNS:
            left = [key for key in keys if key not in found]
            going = without_runs_of_kept_children(left)
            found |= {key: Skip.KEPT_CHILD for key in left if key not in going}
        return found

    def write(self, runs: Sequence[Run]) -> list[Edit]:
        if self.what == RetentionKind.RUNS:
            return write_flag_of_runs(runs, "deleted", True, self.now)
        by_key = {run.pk: run for run in runs}
        files = list(files_of_kind(sorted(by_key), self.what))
        for some in batches([file.pk for file in files]):
            File.objects.filter(pk__in=some).update(replaced=self.now)
        return [file_edit(by_key[file.run_id or 0], file, None) for file in files]
