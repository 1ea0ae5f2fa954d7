"""Bulk changes of tags, names, archive, trash and stars."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from runs.actions.bulk.bulk_changes import RUNS_PER_TRANSACTION, BulkChange, Skip
from runs.actions.bulk.many_runs import (
    registered_runs,
    remove_tags_of_runs,
    set_tags_of_runs,
    write_flag_of_runs,
    write_names_of_runs,
    write_stars_of_runs,
)
from runs.actions.bulk.name_patterns import NamePattern, is_display_name
from runs.actions.changes import Edit
from runs.actions.run_rows import check_tags
from runs.models import KeyKind, Run, RunStar, RunTag, User
from studio.core import names
from studio.core.batches import batches
from studio.core.git import shown_values

#: Tags that one transaction sets or removes.
TAGS_PER_TRANSACTION = 5_000


@dataclass(frozen=True)
class FlagChange(BulkChange):
    """Archive or unarchive runs, move them to the trash or restore them."""

    field: str
    wanted: bool
    now: int

    @property
    def action(self) -> str:
        words = {
            ("archived", True): "archive run",
            ("archived", False): "unarchive run",
            ("deleted", True): "trash run",
            ("deleted", False): "restore run",
        }
        return words[self.field, self.wanted]

    def find_skipped(self, runs: Sequence[Run]) -> dict[int, Skip]:
        same = {
            run.pk: Skip.SAME
            for run in runs
            if (getattr(run, self.field) is not None) == self.wanted
        }
        if self.field == "deleted" and not self.wanted:
            # A locked run that is in the trash can be restored.
            return same
        found: dict[int, Skip] = {}
        if self.field == "deleted":
            left = [run.pk for run in runs if run.pk not in same]
            found = dict.fromkeys(registered_runs(left), Skip.REGISTERED)
        return found | locked_runs(runs) | same

    def write(self, runs: Sequence[Run]) -> list[Edit]:
        return write_flag_of_runs(runs, self.field, self.wanted, self.now)


@dataclass(frozen=True)
class TagChange(BulkChange):
    """Set tags on every run, and remove the tags with the keys `removed`."""

    tags: Mapping[str, str | None] = field(default_factory=dict)
    removed: Collection[str] = ()

    action = "set tags"

    def check(self) -> TagChange:
        """Raise InvalidName or InvalidValue for invalid keys and values."""
        check_tags(self.tags)
        for key in self.removed:
            names.check_key(key, "remove")
        names.check_count(len(self.removed), "remove")
        return replace(self, tags=shown_values(self.tags))

    def split(self, keys: Sequence[int]) -> Iterator[list[int]]:
        """Many tags make smaller batches, so that no transaction takes long."""
        tags = max(1, len(self.tags) + len(self.removed))
        size = max(1, min(RUNS_PER_TRANSACTION, TAGS_PER_TRANSACTION // tags))
        for some in batches(sorted(set(keys)), size):
            yield list(some)

    def find_skipped(self, runs: Sequence[Run]) -> dict[int, Skip]:
        keys = [run.pk for run in runs]
        rows = RunTag.objects.filter(run__in=keys, key__kind=KeyKind.TAG)
        named = rows.filter(key__name__in=[*self.tags, *self.removed])
        stored: dict[int, dict[str, str | None]] = {key: {} for key in keys}
        for run, name, value in named.values_list("run_id", "key__name", "value"):
            stored[run][name] = value
        same = (run for run, known in stored.items() if self._is_same(known))
        return locked_runs(runs) | dict.fromkeys(same, Skip.SAME)

    def _is_same(self, known: Mapping[str, str | None]) -> bool:
        has_all = all(
            name in known and known[name] == value for name, value in self.tags.items()
        )
        return has_all and not any(name in known for name in self.removed)

    def write(self, runs: Sequence[Run]) -> list[Edit]:
        edits = set_tags_of_runs(runs, {run.pk: self.tags for run in runs})
        gone = [name for name in self.removed if name not in self.tags]
        return edits + remove_tags_of_runs(runs, {run.pk: gone for run in runs})


@dataclass(frozen=True)
class NameChange(BulkChange):
    """Rename runs by a pattern."""

    pattern: NamePattern

    action = "rename run"

    def find_skipped(self, runs: Sequence[Run]) -> dict[int, Skip]:
        wanted = list(zip(runs, self.pattern.new_names(runs), strict=True))
        found = {run.pk: Skip.NAME for run, name in wanted if not is_display_name(name)}
        same = {run.pk: Skip.SAME for run, name in wanted if name == run.name}
        return found | locked_runs(runs) | same

    def write(self, runs: Sequence[Run]) -> list[Edit]:
        wanted = self.pattern.new_names(runs)
        keys = [run.pk for run in runs]
        return write_names_of_runs(runs, dict(zip(keys, wanted, strict=True)))


@dataclass(frozen=True)
class StarChange(BulkChange):
    """Star or unstar runs for one user."""

    user: User
    on: bool

    @property
    def action(self) -> str:
        return "star" if self.on else "unstar"

    def find_skipped(self, runs: Sequence[Run]) -> dict[int, Skip]:
        rows = RunStar.objects.filter(user=self.user, run__in=[run.pk for run in runs])
        starred = set(rows.values_list("run_id", flat=True))
        return {run.pk: Skip.SAME for run in runs if (run.pk in starred) == self.on}

    def write(self, runs: Sequence[Run]) -> list[Edit]:
        return write_stars_of_runs(runs, self.user, self.on)


def locked_runs(runs: Sequence[Run]) -> dict[int, Skip]:
    return {run.pk: Skip.LOCKED for run in runs if run.locked}
