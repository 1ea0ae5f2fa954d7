"""Decide which group each run belongs to: the only place, for lists and for charts.

A column says by run which value it has. Runs with the same value in every column are a
group; a run without a value has the value None there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b

import numpy as np

from runs.search.values import Keys, ValueCodes


@dataclass(frozen=True)
class GroupAssignment:
    """`member_of` is each run's group; `first` is each group's first run."""

    columns: Sequence[ValueCodes]
    member_of: Keys
    first: Keys

    def __len__(self) -> int:
        return len(self.first)

    @cached_property
    def varying_columns(self) -> list[int]:
        """The positions of the columns that differ between the groups."""
        if not len(self):
            return []
        each = (column.codes[self.first] for column in self.columns)
        return [n for n, codes in enumerate(each) if (codes != codes[0]).any()]

    @property
    def groups_by_first_run(self) -> list[int]:
        """The groups in the order of their first runs."""
        return [int(number) for number in np.argsort(self.first)]

    def runs_of(self, number: int) -> list[int]:
        """The positions of a group's runs."""
        return [int(at) for at in np.flatnonzero(self.member_of == number)]

    def values_of(self, number: int) -> tuple[str | None, ...]:
        """The group's value in each column."""
        run = self.first[number]
        codes = [(column.texts, int(column.codes[run])) for column in self.columns]
        return tuple(None if code < 0 else texts[code] for texts, code in codes)

    def digests_of(self, number: int) -> list[str]:
        """By column the digest of a value that `values_of` shortens, or nothing."""
        run = self.first[number]
        return [
            column.digests.get(int(column.codes[run]), "") for column in self.columns
        ]

    def key_of(self, number: int) -> str:
        """What stands for the group in addresses."""
        values, digests = self.values_of(number), self.digests_of(number)
        found = [*values, *digests] if any(digests) else values
        # Values can be long and contain any character, so an address has their digest.
        return blake2b(repr(found).encode(), digest_size=5).hexdigest()


def assign_groups(columns: Sequence[ValueCodes], size: int) -> GroupAssignment:
    """Group `size` runs by the columns."""
    member_of = np.zeros(size, dtype=np.int64)
    for column in columns:
        # Renumbered at each column, so that numbers stay small.
        wide = member_of * (len(column.texts) + 1) + column.codes + 1
        _found, member_of = np.unique(wide, return_inverse=True)
    first = np.unique(member_of, return_index=True)[1]
    return GroupAssignment(columns, member_of, first)
