"""Move runs to another experiment.

A root takes its whole tree along, and a child run moves only with its root. A tree with
a locked run stays. Each run gets the next number of the experiment; ids, links and
views stay. The undo brings back experiment and number; if the number is used there in
the meantime, the run gets the next one. Child runs that were added in the meantime move
with their root.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F
from django.utils.translation import gettext as _

from runs.actions.actor import Actor
from runs.actions.bulk.bulk_changes import RUNS_PER_TRANSACTION, BulkChange, Skip
from runs.actions.bulk.lock_changes import lock_experiments_of
from runs.actions.bulk.many_runs import ROWS_PER_STATEMENT, lock_runs
from runs.actions.changes import Edit
from runs.actions.experiments import create_experiment, experiment_in_trash_message
from runs.actions.run import lock_tree
from runs.models import (
    Change,
    ChangeSet,
    Dataset,
    Experiment,
    LoggedModel,
    Run,
    RunDataset,
    Workspace,
)
from runs.storage.prepared import PreparedRowValues
from studio.core import names
from studio.core.batches import batches
from studio.core.errors import AlreadyExists, InvalidState

#: The field of a change; its value has the numbers of the experiment and of the run.
EXPERIMENT_FIELD = "experiment"
_write_places = PreparedRowValues(Run, "experiment", "number")


@dataclass(frozen=True)
class MoveChange(BulkChange):
    """Move trees of runs to the experiment `target`."""

    target: Experiment

    action = "move run"

    def split(self, keys: Sequence[int]) -> Iterator[list[int]]:
        """Whole trees stay in one batch, however large they are."""
        found = dict[int, int | None]()
        for some in batches(sorted(set(keys))):
            rows = Run.objects.filter(pk__in=some)
            found.update(rows.values_list("pk", "root_id"))
        # Those below a chosen root move with it.
        tops = sorted(key for key, root in found.items() if root not in found)
        batch: list[int] = []
        for chosen in batches(tops):
            below = _read_below([key for key in chosen if found[key] is None])
            for key in chosen:
                batch += [key, *below.get(key, ())]
                if len(batch) >= RUNS_PER_TRANSACTION:
                    yield batch
                    batch = []
        if batch:
            yield batch

    def lock_before_runs(self, keys: Sequence[int]) -> None:
        lock_tree(self.target.workspace_id)
        lock_experiments_of(keys, self.target.pk)

    def complete(self, keys: Sequence[int]) -> Sequence[int]:
        """Add child runs that came after the batch was planned: a tree moves whole."""
        known, late = set(keys), list[int]()
        for some in batches(keys):
            for below in _read_below(some).values():
                late += [key for key in below if key not in known]
        return [*keys, *late]

    def find_skipped(self, runs: Sequence[Run]) -> dict[int, Skip]:
        known = {run.pk for run in runs}
        locked = {run.root_id or run.pk for run in runs if run.locked}
        staying = {run.root_id or run.pk for run in runs if self._is_elsewhere(run)}
        found: dict[int, Skip] = {}
        for run in runs:
            root = run.root_id or run.pk
            if root not in known:
                found[run.pk] = Skip.CHILD
            elif root not in staying:
                found[run.pk] = Skip.SAME
            elif root in locked:
                found[run.pk] = Skip.LOCKED if run.locked else Skip.TREE_LOCKED
        return found

    def _is_elsewhere(self, run: Run) -> bool:
        return run.experiment_id != self.target.pk

    def write(self, runs: Sequence[Run]) -> list[Edit]:
        refuse_unless_it_takes_runs(self.target)
        moving = [run for run in runs if self._is_elsewhere(run)]
        return move_runs(
            moving, dict.fromkeys([r.pk for r in moving], (self.target, None))
        )


def _read_below(roots: Sequence[int]) -> dict[int, list[int]]:
    """Return the runs below each root."""
    below: dict[int, list[int]] = {}
    rows = Run.objects.filter(root__in=roots).order_by("pk")
    for key, root in rows.values_list("pk", "root_id"):
        below.setdefault(root or 0, []).append(key)
    return below


def find_move_target(workspace: Workspace, name: str) -> Experiment:
    """Return the experiment of that name, or a new one that is not saved.

    Raises InvalidName, and InvalidState for an experiment in the trash.
    """
    found = _find_experiment(workspace, name)
    return found or Experiment(workspace=workspace, name=name)


def create_move_target(
    workspace: Workspace, name: str, *, actor: Actor, now: int
) -> Experiment:
    """As `find_move_target`; a new experiment is created."""
    found = _find_experiment(workspace, name)
    if found is not None:
        return found
    try:
        return create_experiment(workspace, name, actor=actor, now=now)
    except AlreadyExists:
        # Another request just created it.
        return find_move_target(workspace, name)


def _find_experiment(workspace: Workspace, name: str) -> Experiment | None:
    names.check_experiment_name(name)
    found = Experiment.objects.filter(workspace=workspace, name=name).first()
    if found is not None and found.deleted is not None:
        raise InvalidState(experiment_in_trash_message(name), experiment=name)
    return found


def refuse_unless_it_takes_runs(experiment: Experiment) -> None:
    """Raise InvalidState if the experiment, whose row is locked, is in the trash."""
    rows = Experiment.objects.filter(pk=experiment.pk, deleted__isnull=True)
    if not rows.exists():
        raise InvalidState(
            _("The experiment %(name)r is in the trash. Restore it first.")
            % {"name": experiment.name},
            experiment=experiment.name,
        )


def move_runs(
    runs: Sequence[Run], places: Mapping[int, tuple[Experiment, int | None]]
) -> list[Edit]:
    """Move runs, which are locked with the experiments of both sides.

    `places` has the experiment and the number of each run by its key. A run without a
    number, or with one that another run has, gets the next number.
    """
    left = Experiment.objects.in_bulk({run.experiment_id for run in runs})
    by_target: dict[int, list[Run]] = {}
    for run in sorted(runs, key=lambda run: run.pk):
        by_target.setdefault(places[run.pk][0].pk, []).append(run)
    edits: list[Edit] = []
    for some in by_target.values():
        target = places[some[0].pk][0]
        given = _choose_numbers(target, {r.pk: places[r.pk][1] for r in some})
        for run in some:
            before = place_value(left[run.experiment_id], run.number)
            after = place_value(target, given[run.pk])
            edits.append(Edit(EXPERIMENT_FIELD, before, after, run))
            run.experiment, run.number = target, given[run.pk]
    _write_places([(run.pk, run.experiment_id, run.number) for run in runs])
    for part in batches(runs, ROWS_PER_STATEMENT):
        _move_logged_data(part)
    return edits


def place_value(experiment: Experiment, number: int) -> dict[str, Any]:
    """Return the value of `EXPERIMENT_FIELD`, as changes store it.

    The name is for readers: a later one is the same place (`is_same_place`).
    """
    return {
        "experiment": experiment.number,
        "number": number,
        "name": experiment.name,
    }


def is_same_place(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return all(one[key] == other[key] for key in ("experiment", "number"))


def read_places(runs: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return the values of `EXPERIMENT_FIELD` now by the run's key."""
    rows = Run.objects.filter(pk__in=runs).select_related("experiment")
    light = rows.only("number", "experiment__number", "experiment__name")
    return {run.pk: place_value(run.experiment, run.number) for run in light}


def _choose_numbers(
    target: Experiment, wanted: Mapping[int, int | None]
) -> dict[int, int]:
    asked = [number for number in wanted.values() if number is not None]
    used: set[int] = set()
    for some in batches(asked, ROWS_PER_STATEMENT):
        rows = Run.objects.filter(experiment=target, number__in=some)
        used.update(rows.values_list("number", flat=True))
    kept = {key: n for key, n in wanted.items() if n is not None and n not in used}
    new = [key for key in wanted if key not in kept]
    place = Experiment.objects.filter(pk=target.pk)
    place.update(last_run_number=F("last_run_number") + len(new))
    last = place.values_list("last_run_number", flat=True).get()
    return kept | dict(zip(new, range(last - len(new) + 1, last + 1), strict=True))


def _move_logged_data(runs: Sequence[Run]) -> None:
    """Take along what belongs to an experiment: models, and datasets that were read.

    The runs have moved already.
    """
    keys = [run.pk for run in runs]
    models = LoggedModel.objects.filter(source_run__in=keys)
    links = RunDataset.objects.filter(run__in=keys)
    # Most runs have neither, and each place would need statements of its own.
    having: set[Any] = set(models.values_list("source_run_id", flat=True))
    having.update(links.values_list("run_id", flat=True))
    by_target: dict[Experiment, list[int]] = {}
    for run in runs:
        if run.pk in having:
            by_target.setdefault(run.experiment, []).append(run.pk)
    for target, some in by_target.items():
        models.filter(source_run__in=some).update(experiment=target)
        _move_datasets(some, target)


def _move_datasets(runs: Sequence[int], target: Experiment) -> None:
    links = RunDataset.objects.filter(run__in=runs).exclude(dataset__experiment=target)
    wanted = set(links.values_list("dataset", flat=True))
    for dataset in Dataset.objects.filter(pk__in=wanted):
        # Runs that stay may have read it too, so it is copied.
        copy, _created = Dataset.objects.get_or_create(
            experiment=target,
            name=dataset.name,
            digest=dataset.digest,
            defaults={
                field: getattr(dataset, field)
                for field in ("source_type", "source", "schema", "profile")
            },
        )
        links.filter(dataset=dataset).update(dataset=copy)
        if not RunDataset.objects.filter(dataset=dataset).exists():
            dataset.delete()


def restore_places(
    wanted: Sequence[tuple[Run, Any]], change_set: ChangeSet
) -> list[Edit]:
    """Move runs back to where they were before the change.

    Runs that were added to their trees since then move with them. Raises InvalidState
    if an experiment was deleted.
    """
    numbers = {before["experiment"] for _run, before in wanted}
    workspace = change_set.workspace_id
    rows = Experiment.objects.filter(workspace=workspace, number__in=numbers)
    known = {row.number: row for row in rows}
    places: dict[int, tuple[Experiment, int | None]] = {}
    for run, before in wanted:
        place = known.get(before["experiment"])
        if place is None:
            raise InvalidState(
                _("The experiment of run %(run_id)s was deleted permanently.")
                % {"run_id": run.run_id},
                run_id=run.run_id,
            )
        places[run.pk] = (place, before["number"])
    for place in {place.pk: place for place, _number in places.values()}.values():
        refuse_unless_it_takes_runs(place)
    runs = [run for run, _before in wanted]
    for run in runs:
        root = places.get(run.root_id or run.pk)
        if root is not None and root[0] != places[run.pk][0]:
            # It was added between two moves of its root.
            places[run.pk] = (root[0], None)
    added = _runs_added_below(runs, change_set)
    places |= {run.pk: (places[run.root_id or 0][0], None) for run in added}
    return move_runs([*runs, *added], places)


def _runs_added_below(runs: Sequence[Run], change_set: ChangeSet) -> list[Run]:
    """Return runs below these roots that came after the move; this locks them."""
    known = {run.pk for run in runs}
    place_of = {run.pk: run.experiment_id for run in runs if run.root_id is None}
    added: list[int] = []
    for some in batches(sorted(place_of), ROWS_PER_STATEMENT):
        rows = Run.objects.filter(root__in=some)
        places = rows.values_list("pk", "root_id", "experiment_id")
        added += [
            key
            for key, root, place in places
            if key not in known and place == place_of[root or 0]
        ]
    # Several change sets are undone together with a set that is not stored.
    if added and change_set.pk is not None:
        # A large undo has several steps, and each run moves in its own.
        moved = Change.objects.filter(change_set=change_set, field=EXPERIMENT_FIELD)
        has_moved = {
            key
            for some in batches(added, ROWS_PER_STATEMENT)
            for key in moved.filter(run__in=some).values_list("run_id", flat=True)
        }
        added = [key for key in added if key not in has_moved]
    return lock_runs(added)


def lock_places(changes_of: Mapping[int, Sequence[Any]], workspace: int) -> None:
    """Lock the tree and all experiments of changes before their runs are locked.

    `changes_of` has the values before and after by the run's key.
    """
    lock_tree(workspace)
    numbers = {
        value["experiment"]
        for values in changes_of.values()
        for value in values
        if value
    }
    rows = Experiment.objects.filter(workspace=workspace, number__in=numbers)
    lock_experiments_of(list(changes_of), *rows.values_list("pk", flat=True))
