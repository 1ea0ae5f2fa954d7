"""Random edits by several people, undone and redone in random order.

A model in Python says what the values must be: an undo restores each value that is as
the change left it, leaves one that is as before, and otherwise changes nothing unless
it is told to overwrite. Of stars each person has their own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runs.actions.account.accounts import ensure_user
from runs.actions.actor import Actor
from runs.actions.bulk import FlagChange, StarChange, TagChange, apply_bulk_change
from runs.actions.experiments.experiments import describe_experiment
from runs.actions.run.run_edits import describe_run, rename_run
from runs.actions.run.runs import create_run
from runs.actions.undo import undo_change_set
from runs.models import ChangeSet, Experiment, Run, RunStar, RunTag, Workspace
from studio.core.errors import Conflict, NotSupported

RUNS, PEOPLE = 3, 3
WORDS = st.sampled_from(["a", "b", "c"])
PERSON = st.integers(0, PEOPLE - 1)
SOME_RUNS = st.sets(st.integers(0, RUNS - 1), min_size=1)
EDITS = st.one_of(
    st.tuples(st.just("name"), PERSON, st.integers(0, RUNS - 1), WORDS),
    st.tuples(st.just("description"), PERSON, st.integers(0, RUNS - 1), WORDS),
    st.tuples(st.just("tag"), PERSON, SOME_RUNS, WORDS),
    st.tuples(st.just("archived"), PERSON, SOME_RUNS, st.booleans()),
    st.tuples(st.just("deleted"), PERSON, SOME_RUNS, st.booleans()),
    st.tuples(st.just("starred"), PERSON, SOME_RUNS, st.booleans()),
    st.tuples(st.just("experiment"), PERSON, st.just(0), WORDS),
)
UNDOS = st.tuples(st.just("undo"), PERSON, st.integers(0, 30), st.booleans())
STEPS = st.lists(st.one_of(EDITS, UNDOS), max_size=25)

#: A place of a value: the field, the run or experiment, and for stars the person.
Place = tuple[str, int, int]


@dataclass
class Model:
    """The values, and what each change set changed, from what to what."""

    values: dict[Place, Any] = field(default_factory=dict)
    sets: list[dict[Place, tuple[Any, Any]]] = field(default_factory=list)
    owners: list[int] = field(default_factory=list)

    def write(self, wanted: dict[Place, Any], person: int) -> None:
        changed = {
            place: (self.values.get(place), value)
            for place, value in wanted.items()
            if self.values.get(place) != value
        }
        if changed:
            self.values.update(wanted)
            self.sets.append(changed)
            self.owners.append(person)

    def undo(self, number: int, person: int, anyway: bool) -> bool:
        """Whether it is done; a conflict or another person's star refuses it."""
        changes = self.sets[number]
        is_of_star = any(place[0] == "starred" for place in changes)
        now = {place: self.values.get(place) for place in changes}
        is_later = any(now[p] not in pair for p, pair in changes.items())
        if (is_of_star and self.owners[number] != person) or (is_later and not anyway):
            return False
        self.write({p: before for p, (before, _after) in changes.items()}, person)
        return True


class Scene:
    def __init__(self, experiment: Experiment, now: int) -> None:
        self.now, self.experiment = now, experiment
        self.workspace: Workspace = experiment.workspace
        self.actors = [
            Actor(ensure_user(f"p{n}", actor=Actor(), now=now)) for n in range(PEOPLE)
        ]
        make: dict[str, Any] = {"actor": self.actors[0], "now": now}
        self.runs = [create_run(experiment, name="start", **make) for _ in range(RUNS)]
        describe_experiment(experiment, "start", **make)
        ChangeSet.objects.all().delete()
        self.model = Model()
        self.model.values = self.read()

    def read(self) -> dict[Place, Any]:
        found: dict[Place, Any] = {}
        for n, run in enumerate(self.runs):
            row = Run.objects.get(pk=run.pk)
            found["name", n, 0] = row.name
            found["description", n, 0] = row.description
            found["archived", n, 0] = row.archived is not None
            found["deleted", n, 0] = row.deleted is not None
            tag = RunTag.objects.filter(run=run, key__name="t").first()
            found["tag", n, 0] = tag.value if tag else None
            for person, actor in enumerate(self.actors):
                stars = RunStar.objects.filter(run=run, user=actor.user)
                found["starred", n, person] = stars.exists()
        place = Experiment.objects.get(pk=self.experiment.pk)
        return {**found, ("experiment", 0, 0): place.description}

    def step(self, kind: str, person: int, what: Any, value: Any) -> None:
        act: dict[str, Any] = {"actor": self.actors[person], "now": self.now}
        if kind == "undo":
            self.undo(person, what, value)
        elif kind == "experiment":
            describe_experiment(self.experiment, value, **act)
            self.model.write({(kind, 0, 0): value}, person)
        elif kind in ("name", "description"):
            edit = rename_run if kind == "name" else describe_run
            edit(self.runs[what], value, **act)
            self.model.write({(kind, what, 0): value}, person)
        else:
            user = self.actors[person].user
            assert user is not None
            change = {
                "tag": lambda: TagChange({"t": value}, ()),
                "starred": lambda: StarChange(user, value),
            }.get(kind, lambda: FlagChange(kind, value, self.now))()
            keys = [self.runs[n].pk for n in what]
            apply_bulk_change(self.workspace, keys, change, **act)
            of = person if kind == "starred" else 0
            self.model.write({(kind, n, of): value for n in what}, person)

    def undo(self, person: int, number: int, anyway: bool) -> None:
        sets = list(ChangeSet.objects.order_by("pk"))
        assert len(sets) == len(self.model.sets)
        if not sets:
            return
        number %= len(sets)
        done = self.model.undo(number, person, anyway)
        try:
            with transaction.atomic():
                undo_change_set(
                    sets[number],
                    actor=self.actors[person],
                    now=self.now,
                    anyway=anyway,
                )
        except (Conflict, NotSupported):
            assert not done
        else:
            assert done


@pytest.mark.django_db
@settings(
    max_examples=25,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_undo_in_random_order(
    experiment: Experiment, now: int, steps: list[tuple[str, int, Any, Any]]
) -> None:
    with transaction.atomic():
        scene = Scene(experiment, now)
        for step in steps:
            scene.step(*step)
            assert scene.read() == scene.model.values
        transaction.set_rollback(True)
