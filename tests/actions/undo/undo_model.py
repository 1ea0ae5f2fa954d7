"""What PRODUCT's rule of undo says, in Python: the values that edits and undos leave.

An undo restores each value that is as the change left it, leaves one that is as before,
and otherwise changes nothing unless it is told to overwrite. Of stars and comments each
person has their own. Locked runs stay as they are. The undo of a lock is an unlock, and
the other way, by the rule of locks. A status has no undo.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

#: A place of a value: the field; the run, experiment or comment; for stars the person.
Place = tuple[str, int, int]
#: Fields that a lock keeps, and those that only their author undoes.
KEPT_BY_LOCKS = ("name", "description", "tag", "archived", "deleted", "place")
OF_ONE_PERSON = ("starred", "comment")


@dataclass
class Model:
    """The values, and what each change set changed, from what to what."""

    values: dict[Place, Any] = field(default_factory=dict)
    sets: list[dict[Place, tuple[Any, Any]]] = field(default_factory=list)
    owners: list[int] = field(default_factory=list)
    #: Who wrote the value last.
    writers: dict[Place, int] = field(default_factory=dict)
    locked_by: dict[int, int] = field(default_factory=dict)
    #: The last number that was given in each experiment.
    numbers: dict[int, int] = field(default_factory=dict)

    def write(self, wanted: dict[Place, Any], person: int) -> None:
        changed = {
            place: (self.values.get(place), value)
            for place, value in wanted.items()
            if self.values.get(place) != value
        }
        if changed:
            self.values.update(wanted)
            self.writers.update(dict.fromkeys(changed, person))
            self.sets.append(changed)
            self.owners.append(person)

    def is_locked(self, run: int) -> bool:
        return bool(self.values["locked", run, 0])

    def lock(self, runs: list[int], on: bool, person: int, is_owner: bool) -> None:
        some = [
            run
            for run in runs
            if (on and not self.values["deleted", run, 0] and not self.is_locked(run))
            or (not on and (is_owner or self.locked_by.get(run) == person))
        ]
        self.write({("locked", run, 0): on for run in some}, person)
        self.locked_by.update(dict.fromkeys(some, person) if on else {})

    def move(self, runs: list[int], target: int, person: int) -> None:
        wanted: dict[Place, Any] = {}
        for run in runs:
            if self.values["place", run, 0][0] != target and not self.is_locked(run):
                self.numbers[target] = self.numbers.get(target, 0) + 1
                wanted["place", run, 0] = (target, self.numbers[target])
        self.write(wanted, person)

    def mark(self, runs: list[int], status: str) -> None:
        """The runs' own events record it, and no change set."""
        for run in runs:
            is_active = self.values["status", run, 0] == "Running"
            if is_active and not self.values["deleted", run, 0]:
                self.values["status", run, 0] = status

    def undo(self, number: int, person: int, anyway: bool) -> bool:
        """Whether it is done; a conflict, a lock or another person's value refuses."""
        changes = self.sets[number]
        kinds = {kind for kind, _n, _of in changes}
        is_own = self.owners[number] == person
        if kinds & set(OF_ONE_PERSON) and not is_own:
            return False
        now = {place: self.values.get(place) for place in changes}
        if not anyway and any(now[p] not in pair for p, pair in changes.items()):
            return False
        wanted = {
            place: before
            for place, (before, after) in changes.items()
            if now[place] != before and not self.stays_deleted(place, after, person)
        }
        if any(self.is_kept_by_lock(place, value) for place, value in wanted.items()):
            return False
        locks = {run: on for (kind, run, _), on in wanted.items() if kind == "locked"}
        if not all(self.can_lock(run, on, person) for run, on in locks.items()):
            return False
        self.write(wanted, person)
        self.locked_by.update({run: person for run, on in locks.items() if on})
        return True

    def can_lock(self, run: int, on: bool, person: int) -> bool:
        """Person 0 is the owner."""
        if on:
            return not self.values["deleted", run, 0]
        return person == 0 or self.locked_by.get(run) == person

    def stays_deleted(self, place: Place, after: Any, person: int) -> bool:
        """Only the undo of its deletion brings a comment back, by who deleted it."""
        if place[0] != "comment" or self.values[place] is not None:
            return False
        return after is not None or self.writers[place] != person

    def is_kept_by_lock(self, place: Place, value: Any) -> bool:
        kind, run, _of = place
        is_restored = kind == "deleted" and not value
        return kind in KEPT_BY_LOCKS and self.is_locked(run) and not is_restored
