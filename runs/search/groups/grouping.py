"""Runs in groups of equal values, with count, mean, deviation and extremes of each.

    list_groups(spec, viewer, workspace, numbers) -> Grouping, None beyond 200,000 runs

Means and deviations are over the finite numbers that the runs of a group have; how many
had another value is told. The deviation is that of a sample (n - 1), and of one number
there is none. A run without a value of the field belongs to the group "no value".
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from django.db.models import Q
from django.utils.translation import gettext as _

from runs.models import Experiment, Key, KeyKind, RunParam, User, Workspace, now_ms
from runs.search.fields import source_of
from runs.search.groups.group_assignment import assign_groups
from runs.search.groups.group_stats import (
    GroupStatArrays,
    GroupStats,
    compute_group_stats,
)
from runs.search.query import RunQuery, build_query
from runs.search.run_list import find_goals
from runs.search.sql import InKeys, time_limit
from runs.search.values import (
    TEXT_HEAD,
    Keys,
    RunArrays,
    TextCodeBuilder,
    ValueCodes,
    columns_needed,
    has_numbers,
    has_values,
    read_numbers,
    read_run_arrays,
    read_value_codes,
    read_whole_texts,
)
from studio.core.errors import InvalidValue
from studio.core.filters import tree
from studio.core.filters.fields import field_text
from studio.core.filters.tree import Field
from studio.core.messages import translated
from studio.core.view_spec import ViewSpec
from studio.core.view_text import Group

#: The fields whose values are causes of failures.
CAUSES = (tree.attribute("error_kind"), tree.attribute("error"))
#: What is read of each run of a cause: when it was seen, and in whose run.
CAUSE_COLUMNS = ("ended", "created", "submitter_id")
#: Maximum values that "all but" reads, missing ones counted too.
MAX_CELLS = 20_000_000


@dataclass(frozen=True)
class ListGroup:
    """`values` are by field; None is "no value". `key` stands for them in addresses."""

    number: int
    values: tuple[str | None, ...]
    count: int
    key: str
    #: Positions of the values that are shortened here.
    cut: frozenset[int] = frozenset()


class Grouping:
    """The groups in their order, and what is asked of them."""

    def __init__(
        self,
        runs: RunArrays,
        fields: Sequence[Field],
        columns: Sequence[ValueCodes],
        numbers: Sequence[Field],
        goals: Mapping[Field, bool],
    ) -> None:
        self.runs, self.fields, self.numbers = runs, tuple(fields), tuple(numbers)
        self.goals = goals
        self.assignment = assign_groups(columns, len(runs))
        self.sizes: Keys = np.bincount(self.assignment.member_of, minlength=len(self))
        self._measured = {each: read_numbers(runs, each) for each in self.numbers}
        self._sums = {
            field: self._compute_stats_of_field(field) for field in self.numbers
        }
        self.order: Keys = np.argsort(-self.sizes, kind="stable")

    def __len__(self) -> int:
        return len(self.assignment)

    def sort(self, stat: str, field: Field | None, *, descending: bool) -> None:
        """By `count`, `value` or a field's statistic; what lacks it comes last."""
        if stat == "value":
            first = self.assignment.first
            ranks = [
                _rank_values(each)[each.codes[first]]
                for each in self.assignment.columns
            ]
            # `lexsort` takes the most important key last.
            order = np.lexsort(ranks[::-1]) if ranks else self.order
            self.order = order[::-1] if descending else order
            return
        if stat == "count":
            values = self.sizes.astype(np.float64)
        elif field in self._sums:
            values = getattr(self._sums[field], stat)
        else:
            return
        lacks = np.isnan(values)
        self.order = np.lexsort((-self.sizes, -values if descending else values, lacks))

    def list_group(self, number: int) -> ListGroup:
        found, digests = self.assignment, self.assignment.digests_of(number)
        cut = frozenset(at for at, digest in enumerate(digests) if digest)
        size = int(self.sizes[number])
        return ListGroup(
            number, found.values_of(number), size, found.key_of(number), cut
        )

    def uncut_values(self, groups: Sequence[ListGroup]) -> list[list[str | None]]:
        """The groups' values, none of them cut."""
        found = [list(group.values) for group in groups]
        for at, field in enumerate(self.fields):
            runs = {
                int(self.runs.ids[self.assignment.first[group.number]]): place
                for place, group in enumerate(groups)
                if at in group.cut
            }
            if runs:
                for run, text in read_whole_texts(self.runs, field, list(runs)):
                    found[runs[run]][at] = text
        return found

    def has_mixed_values(self, at: int) -> bool:
        """Whether runs also have other data in the field at that position."""
        return self.assignment.columns[at].is_mixed

    def groups_between(self, start: int, stop: int) -> list[ListGroup]:
        return [self.list_group(int(n)) for n in self.order[start:stop]]

    def stats(self, group: ListGroup, field: Field) -> GroupStats:
        sums, n = self._sums[field], group.number
        higher = self.goals.get(field)
        best = 0
        if higher is not None and sums.counts[n]:
            best = int((sums.highest if higher else sums.lowest)[n])
        return GroupStats(
            int(sums.counts[n]),
            float(sums.mean[n]),
            float(sums.std[n]),
            float(sums.min[n]),
            float(sums.max[n]),
            int(sums.nonfinite[n]),
            best,
        )

    def best_group(self, field: Field) -> int | None:
        """The number of the group with the best mean, where means differ at all."""
        higher = self.goals.get(field)
        if higher is None:
            return None
        means = self._sums[field].mean
        known = means[np.isfinite(means)]
        if len(known) < 2 or known.min() == known.max():
            return None
        return int(np.nanargmax(means) if higher else np.nanargmin(means))

    def best_or_newest_runs(
        self, group: ListGroup, most: int, by: Field | None
    ) -> list[int]:
        """The keys of the group's best runs by a field, or else of its newest."""
        # Runs are stored from the oldest on.
        places = self.places_of(group)[::-1]
        if by in self._measured:
            values = self._measured[by].values[places]
            higher = self.goals.get(by, True)
            order = np.lexsort((-values if higher else values, ~np.isfinite(values)))
            places = places[order]
        return [int(key) for key in self.runs.ids[places[:most]]]

    def places_of(self, group: ListGroup) -> Keys:
        """Where the group's runs stand, the oldest first."""
        return np.flatnonzero(self.assignment.member_of == group.number)

    @property
    def is_by_cause(self) -> bool:
        """Whether the groups are causes of failures."""
        return any(field in CAUSES for field in self.fields)

    @property
    def varying_fields(self) -> list[int]:
        """The positions of the fields that differ between the groups."""
        return self.assignment.varying_columns

    def _compute_stats_of_field(self, field: Field) -> GroupStatArrays:
        found = self._measured[field]
        return compute_group_stats(
            found, self.assignment.member_of, len(self), self.runs.ids
        )


def list_groups(
    spec: ViewSpec,
    viewer: User,
    workspace: Workspace,
    numbers: Sequence[Field],
    *,
    experiment: Experiment | None = None,
    now: int | None = None,
) -> Grouping | None:
    """The runs that match in the groups of `spec.group`; None if they are too many.

    Raises InvalidValue for a field that makes no groups, InvalidFilter, QueryTimeout.
    """
    group = spec.group
    assert group is not None
    for field in group.fields:
        if not has_values(field) or (group.all_but and field.kind != tree.PARAMS):
            raise _not_groupable_error(field, group)
    summed_up = [field for field in dict.fromkeys(numbers) if has_numbers(field)]
    run_query = build_query(
        spec,
        viewer,
        workspace,
        now=now_ms() if now is None else now,
        experiment=experiment,
        fields=[*group.fields, *summed_up],
    )
    with time_limit():
        columns_to_read = columns_needed([*group.fields, *summed_up])
        if not set(CAUSES).isdisjoint(group.fields):
            columns_to_read += CAUSE_COLUMNS
        runs = read_run_arrays(run_query, columns_to_read)
        if runs is None:
            return None
        fields, columns = _group_columns(run_query, runs, group)
        goals = find_goals(set(runs.columns["experiment_id"]), summed_up)
        return Grouping(runs, fields, columns, summed_up, goals)


def _not_groupable_error(field: Field, group: Group) -> InvalidValue:
    name = field_text(field)
    if group.all_but:
        text = _(
            "group: %(name)s is not a parameter. Exclude one, such as params.seed."
        )
    else:
        text = _("group: runs can't be grouped by %(name)s.")
        reason = translated(source_of(field).why_not_grouped)
        return InvalidValue(f"{text % {'name': name}} {reason}", field="group")
    return InvalidValue(text % {"name": name}, field="group")


def _group_columns(
    run_query: RunQuery, runs: RunArrays, group: Group
) -> tuple[list[Field], list[ValueCodes]]:
    if not group.all_but:
        return list(group.fields), [
            read_value_codes(runs, field) for field in group.fields
        ]
    left_out = {run_query.scope.key(field) for field in group.fields}
    return _codes_of_all_params(runs, left_out)


def _codes_of_all_params(
    runs: RunArrays, left_out: set[int | None]
) -> tuple[list[Field], list[ValueCodes]]:
    """Every parameter that the runs have, read at once."""
    rows = RunParam.objects.filter(Q(InKeys("run_id", runs.ids.tolist()))).order_by()
    found: dict[int, TextCodeBuilder] = {}
    for run, key, head, digest in rows.values_list(
        "run_id", "key_id", *TEXT_HEAD
    ).iterator(chunk_size=10_000):
        if key not in left_out:
            found.setdefault(key, TextCodeBuilder()).add(run, head, digest)
    if len(found) * len(runs) > MAX_CELLS:
        raise InvalidValue(
            _(
                "group: %(runs)s runs with %(params)s parameters are too "
                "many to group by all of them. Narrow the list, or name "
                "the parameters."
            )
            % {"runs": f"{len(runs):,}", "params": f"{len(found):,}"},
            field="group",
        )
    names = Key.objects.filter(kind=KeyKind.PARAM, pk__in=list(found))
    ordered = sorted(names.values_list("name", "pk"))
    fields = [Field(tree.PARAMS, name) for name, _pk in ordered]
    return fields, [found[pk].build(runs) for _name, pk in ordered]


def _rank_values(column: ValueCodes) -> Keys:
    """By code: numbers by size, then texts, then (code -1) what has no value."""
    known = [_value_sort_key(text) for text in column.texts]
    places = {rank: place for place, rank in enumerate(sorted(set(known)))}
    return np.array([*(places[rank] for rank in known), len(known)], dtype=np.int64)


def _value_sort_key(value: str) -> tuple[int, float, str]:
    try:
        number = float(value)
    except ValueError:
        return (1, 0.0, value.lower())
    return (0, number, value) if math.isfinite(number) else (1, 0.0, value)
