"""Change several experiments at once: one change set, which one undo restores.

An experiment has few rows of its own, so one transaction changes all of them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.utils.translation import gettext as _

from runs.actions.actor import Actor
from runs.actions.bulk.bulk_changes import BulkResult, Skip
from runs.actions.changes import Edit, record_changes
from runs.actions.run_rows import (
    check_tags,
    find_locked_runs_of,
    find_registered_experiments,
)
from runs.models import Experiment, ExperimentTag, Workspace
from studio.core import names
from studio.core.errors import InvalidValue

MAX_BULK_EXPERIMENTS = 500
#: Tags that one call sets or removes on all experiments together.
MAX_TAG_CHANGES = 20_000
_FLAG_ACTIONS = {
    ("archived", True): "archive experiment",
    ("archived", False): "unarchive experiment",
    ("deleted", True): "delete experiment",
    ("deleted", False): "restore experiment",
}


class ExperimentChange(ABC):
    """One kind of change: which experiments it skips, and what it writes."""

    @property
    @abstractmethod
    def action(self) -> str:
        """The action of the change set, as the history names it."""

    @abstractmethod
    def find_skipped(self, experiments: Sequence[Experiment]) -> dict[int, Skip]:
        """Return why experiments are left as they are, by their key."""

    @abstractmethod
    def write(self, experiments: Sequence[Experiment], now: int) -> list[Edit]:
        """Change the experiments, which are locked; return the edits."""


@dataclass(frozen=True)
class ExperimentFlagChange(ExperimentChange):
    """Archive or unarchive experiments, move them to the trash or restore them."""

    field: str
    wanted: bool

    @property
    def action(self) -> str:
        return _FLAG_ACTIONS[self.field, self.wanted]

    def find_skipped(self, experiments: Sequence[Experiment]) -> dict[int, Skip]:
        found: dict[int, Skip] = {}
        if self.field == "archived":
            found = _trashed(experiments)
        elif self.wanted:
            found = dict.fromkeys(
                find_registered_experiments(experiments), Skip.REGISTERED
            )
            found |= dict.fromkeys(find_locked_runs_of(experiments), Skip.LOCKED)
            found |= {each.pk: Skip.DEFAULT for each in experiments if not each.number}
        same = (
            each.pk
            for each in experiments
            if (getattr(each, self.field) is not None) == self.wanted
        )
        return found | dict.fromkeys(same, Skip.SAME)

    def write(self, experiments: Sequence[Experiment], now: int) -> list[Edit]:
        rows = Experiment.objects.filter(pk__in=[each.pk for each in experiments])
        rows.update(**{self.field: now if self.wanted else None, "updated": now})
        return [
            Edit(self.field, not self.wanted, self.wanted, experiment=each)
            for each in experiments
        ]


@dataclass(frozen=True)
class ExperimentTagChange(ExperimentChange):
    """Set tags on every experiment, and remove the tags with the keys `removed`."""

    tags: Mapping[str, str | None] = field(default_factory=dict)
    removed: Collection[str] = ()

    action = "tag experiment"

    def check(self) -> ExperimentTagChange:
        """Raise InvalidName or InvalidValue for invalid keys and values."""
        check_tags(self.tags)
        for key in self.removed:
            names.check_key(key, "remove")
        names.check_count(len(self.removed), "remove")
        return self

    def find_skipped(self, experiments: Sequence[Experiment]) -> dict[int, Skip]:
        stored = self._stored(experiments)
        same = (each.pk for each in experiments if self._is_same(stored[each.pk]))
        return _trashed(experiments) | dict.fromkeys(same, Skip.SAME)

    def _is_same(self, known: Mapping[str, str | None]) -> bool:
        has_all = all(
            key in known and known[key] == value for key, value in self.tags.items()
        )
        return has_all and not any(key in known for key in self._gone)

    @property
    def _gone(self) -> list[str]:
        # A key that is set and removed in one call stays set.
        return [key for key in self.removed if key not in self.tags]

    def _stored(
        self, experiments: Sequence[Experiment]
    ) -> dict[int, dict[str, str | None]]:
        found: dict[int, dict[str, str | None]] = {each.pk: {} for each in experiments}
        rows = ExperimentTag.objects.filter(
            experiment__in=list(found), key__in=[*self.tags, *self.removed]
        )
        for place, key, value in rows.values_list("experiment_id", "key", "value"):
            found[place][key] = value
        return found

    def write(self, experiments: Sequence[Experiment], now: int) -> list[Edit]:
        del now
        total = len(experiments) * (len(self.tags) + len(self.removed))
        if total > MAX_TAG_CHANGES:
            raise InvalidValue(
                _("At most %(limit)s tags of experiments can be changed at once.")
                % {"limit": f"{MAX_TAG_CHANGES:,}"},
                field="tags",
            )
        before = self._stored(experiments)
        gone = ExperimentTag.objects.filter(
            experiment__in=list(before), key__in=self._gone
        )
        gone.delete()
        ExperimentTag.objects.bulk_create(
            [
                ExperimentTag(experiment=each, key=key, value=value)
                for each in experiments
                for key, value in self.tags.items()
            ],
            update_conflicts=True,
            unique_fields=["experiment", "key"],
            update_fields=["value"],
        )
        return [
            Edit(
                f"tags.{key}",
                {"value": before[each.pk][key]} if key in before[each.pk] else None,
                {"value": self.tags[key]} if key in self.tags else None,
                experiment=each,
            )
            for each in experiments
            for key in [*self.tags, *self._gone]
        ]


@transaction.atomic
def change_experiments(
    workspace: Workspace,
    keys: Collection[int],
    change: ExperimentChange,
    *,
    actor: Actor,
    now: int,
) -> BulkResult:
    """Change the experiments with these keys; those that were purged are left out.

    Raises InvalidValue for more than `MAX_BULK_EXPERIMENTS`.
    """
    # Always in the same order, so that two such changes can't wait for each other.
    rows = Experiment.objects.select_for_update(no_key=True).order_by("pk")
    experiments = list(rows.filter(workspace=workspace, pk__in=_checked(keys)))
    skipped = change.find_skipped(experiments)
    left = [each for each in experiments if each.pk not in skipped]
    edits = change.write(left, now) if left else []
    change_set = record_changes(workspace, change.action, edits, actor=actor, now=now)
    result = BulkResult(len(left), change_set=change_set)
    result.skipped.update(skipped.values())
    return result


def find_skipped_experiments(
    workspace: Workspace, keys: Collection[int], change: ExperimentChange
) -> dict[int, Skip]:
    """Return which experiments the change would skip now; nothing is changed."""
    rows = Experiment.objects.filter(workspace=workspace, pk__in=_checked(keys))
    return change.find_skipped(list(rows.order_by("pk")))


def _checked(keys: Collection[int]) -> list[int]:
    if len(keys) > MAX_BULK_EXPERIMENTS:
        raise InvalidValue(
            _("At most %(limit)s experiments can be changed at once.")
            % {"limit": f"{MAX_BULK_EXPERIMENTS:,}"},
            field="experiments",
        )
    return list(keys)


def _trashed(experiments: Sequence[Experiment]) -> dict[int, Skip]:
    return {each.pk: Skip.TRASHED for each in experiments if each.deleted is not None}
