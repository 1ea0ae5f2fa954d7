"""What differs between some runs and others: fields ranked by how well they tell which.

The measure is Cramér's V with the correction of its bias (Bergsma 2013): 0 where the
values of a field say nothing about which side a run is on, 1 where they say it all.
Without the correction a field whose every run has a value of its own, as a seed, would
seem to tell everything. Numbers of many different values are taken in ten classes with
about as many runs each; having no value is a value too.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from django.db.models import Q

from runs.models import Experiment, Key, User, Workspace, now_ms
from runs.search.fields import FACETS
from runs.search.query import RunQuery, VisibleSelection, build_query
from runs.search.sql import TEXT_TABLES, InKeys, time_limit
from runs.search.values import (
    RunArrays,
    TextHead,
    columns_needed,
    count_text_keys,
    count_text_values,
    read_run_arrays,
    read_value_codes,
)
from studio.core.filters.tree import TAGS, Field, attribute
from studio.core.names import is_housekeeping_tag
from studio.core.view_spec import ViewSpec

#: Numbers with more values than this are split into classes.
MAX_SINGLE_NUMBERS, CLASSES = 12, 10
#: What a run itself says that may be a reason, and not a result.
ATTRIBUTE_FEATURES = tuple(field for field in FACETS if field != attribute("status"))


@dataclass(frozen=True)
class ValueShare:
    """A value, or a range of numbers, and how many runs of both sides have it.

    `value` None is "no value"; `low` and `high` are the ends of a range, both in it.
    With `is_any` it is any value at all. Of a long text `value` is the beginning, and
    `digest` stands for the whole.
    """

    value: str | None
    selected: int
    rest: int
    low: float = math.nan
    high: float = math.nan
    is_any: bool = False
    digest: str = ""

    @property
    def is_range(self) -> bool:
        return not math.isnan(self.low)


@dataclass(frozen=True)
class RankedFeature:
    """`score` is the measure; the sides that differ most in their shares come first."""

    field: Field
    score: float
    sides: tuple[ValueShare, ...]


@dataclass(frozen=True)
class FeatureRanking:
    """The fields that separate, the best first."""

    selected: int
    rest: int
    found: tuple[RankedFeature, ...]


#: A value with how many runs of each side have it, the number that it is, its digest.
ValueRow = tuple[str | None, int, int, float | None, str]


def rank_features(
    spec: ViewSpec,
    chosen: VisibleSelection,
    viewer: User,
    workspace: Workspace,
    *,
    experiment: Experiment | None = None,
) -> FeatureRanking | None:
    """The selected runs against all others that match; None if those are too many.

    Raises InvalidFilter and QueryTimeout.
    """
    run_query = build_query(
        # With `only` there would be no other runs to compare with.
        spec.changed(only=False),
        viewer,
        workspace,
        now=now_ms(),
        experiment=experiment,
    )
    columns = columns_needed(ATTRIBUTE_FEATURES)
    with time_limit():
        runs = read_run_arrays(run_query, columns)
        if runs is None:
            return None
        selected = _read_selected_runs(run_query, sorted(chosen.number_by_key), columns)
    rest = _exclude_runs(runs, selected)
    found = [*_keyed_features(selected, rest), *_attribute_features(selected, rest)]
    found = [each for each in found if each.score > 0]
    found.sort(key=lambda each: (-each.score, each.field.kind, each.field.key))
    return FeatureRanking(len(selected), len(rest), tuple(found))


def cramers_v(selected: Sequence[int], rest: Sequence[int]) -> float:
    """How well the values tell the sides apart; the counts are by value."""
    table = np.array([selected, rest], dtype=np.float64)
    table = table[:, table.sum(axis=0) > 0]
    total = table.sum()
    kinds = table.shape[1]
    if kinds < 2 or total < 3 or (table.sum(axis=1) == 0).any():
        return 0.0
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / total
    phi = float(((table - expected) ** 2 / expected).sum() / total)
    # What chance alone would give is subtracted: the correction of the bias.
    phi = max(0.0, phi - (kinds - 1) / (total - 1))
    columns = kinds - (kinds - 1) ** 2 / (total - 1)
    rows = 2 - 1 / (total - 1)
    least = min(columns, rows) - 1
    return min(1.0, math.sqrt(phi / least)) if least > 0 else 0.0


def _read_selected_runs(
    run_query: RunQuery, keys: Sequence[int], columns: list[str]
) -> RunArrays:
    """The selected runs, whether or not they match."""
    few = build_query(
        ViewSpec(children=True, archived=True),
        run_query.scope.viewer,
        run_query.scope.workspace,
        now=run_query.scope.now,
        within=list(keys),
    )
    found = read_run_arrays(few, columns)
    # A selection never has more runs than this reads.
    assert found is not None
    return found


def _exclude_runs(runs: RunArrays, others: RunArrays) -> RunArrays:
    kept = ~np.isin(runs.ids, others.ids)
    places = np.flatnonzero(kept).tolist()
    columns = {
        name: [column[n] for n in places] for name, column in runs.columns.items()
    }
    return RunArrays(runs.ids[kept], columns, runs.scope)


def _attribute_features(
    selected: RunArrays, rest: RunArrays
) -> Iterable[RankedFeature]:
    for field in ATTRIBUTE_FEATURES:
        counts: dict[str | None, list[int]] = {}
        for side, runs in enumerate((selected, rest)):
            values = read_value_codes(runs, field)
            # The code of no value is -1, so counts begin one position later.
            numbers = np.bincount(values.codes + 1, minlength=len(values.texts) + 1)
            for text, n in zip([None, *values.texts], numbers.tolist(), strict=True):
                if n:
                    counts.setdefault(text, [0, 0])[side] += n
        rows: list[ValueRow] = [
            (text, a, b, None, "") for text, (a, b) in counts.items()
        ]
        yield _rank_by_value_counts(field, rows)


def _keyed_features(selected: RunArrays, rest: RunArrays) -> Iterable[RankedFeature]:
    """Of a key that no selected run has, only how many others have it is read."""
    for kind in TEXT_TABLES:
        mine = count_text_values(kind, selected)
        others = count_text_values(kind, rest, keys=sorted(mine))
        there = count_text_keys(kind, rest)
        names = Key.objects.filter(Q(InKeys("id", sorted({*mine, *there}))))
        for pk, name in names.values_list("pk", "name"):
            field = Field(kind, name)
            if kind == TAGS and is_housekeeping_tag(name):
                continue
            if pk in mine:
                rows = _value_counts_on_both_sides(mine[pk], others.get(pk, {}))
                a, b = sum(row[1] for row in rows), sum(row[2] for row in rows)
                rows.append((None, len(selected) - a, len(rest) - b, None, ""))
                yield _rank_by_value_counts(field, rows)
            else:
                has = ValueShare("", 0, there[pk], is_any=True)
                lacks = ValueShare(None, len(selected), len(rest) - there[pk])
                yield _rank_feature(field, [has, lacks])


def _value_counts_on_both_sides(
    mine: Mapping[TextHead, tuple[int, float | None]],
    others: Mapping[TextHead, tuple[int, float | None]],
) -> list[ValueRow]:
    nothing = (0, None)
    return [
        (
            text[0],
            mine.get(text, nothing)[0],
            others.get(text, nothing)[0],
            (mine.get(text) or others.get(text) or nothing)[1],
            text[1],
        )
        for text in dict.fromkeys([*mine, *others])
    ]


def _rank_by_value_counts(field: Field, rows: Sequence[ValueRow]) -> RankedFeature:
    numbers = [row for row in rows if _is_number(row)]
    if len({row[3] for row in numbers}) > MAX_SINGLE_NUMBERS:
        sides = [_value_share(row) for row in rows if not _is_number(row)]
        sides += _value_ranges(numbers)
    else:
        sides = _shares_of_values(rows)
    return _rank_feature(field, sides)


def _shares_of_values(rows: Sequence[ValueRow]) -> list[ValueShare]:
    """A share for each value; `0` and `0.0` are one, as a range of one number."""
    numbers: dict[float, list[ValueRow]] = {}
    for row in filter(_is_number, rows):
        assert row[3] is not None
        numbers.setdefault(row[3], []).append(row)
    return [
        *(_value_share(row) for row in rows if not _is_number(row)),
        *(
            _share_of_range(same) if len(same) > 1 else _value_share(same[0])
            for same in numbers.values()
        ),
    ]


def _value_share(row: ValueRow) -> ValueShare:
    return ValueShare(*row[:3], digest=row[4])


def _rank_feature(field: Field, sides: Sequence[ValueShare]) -> RankedFeature:
    sides = [side for side in sides if side.selected or side.rest]
    a, b = [side.selected for side in sides], [side.rest for side in sides]
    all_a, all_b = sum(a) or 1, sum(b) or 1
    sides.sort(key=lambda s: -abs(s.selected / all_a - s.rest / all_b))
    return RankedFeature(field, cramers_v(a, b), tuple(sides))


def _is_number(row: ValueRow) -> bool:
    return row[3] is not None and math.isfinite(row[3])


def _value_ranges(rows: Sequence[ValueRow]) -> list[ValueShare]:
    """Ranges of numbers with about as many runs in each."""
    ordered = sorted(rows, key=lambda row: row[3] or 0.0)
    size = sum(row[1] + row[2] for row in ordered) / CLASSES
    found: list[ValueShare] = []
    taken = 0
    part: list[ValueRow] = []
    for place, row in enumerate(ordered):
        part.append(row)
        taken += row[1] + row[2]
        following = ordered[place + 1][3] if place + 1 < len(ordered) else None
        # Equal numbers, however they are written, stay together.
        if following is None or (
            taken >= size * (len(found) + 1) and following != row[3]
        ):
            found.append(_share_of_range(part))
            part = []
    return found


def _share_of_range(part: Sequence[ValueRow]) -> ValueShare:
    low, high = part[0][3], part[-1][3]
    assert low is not None
    assert high is not None
    selected, rest = sum(row[1] for row in part), sum(row[2] for row in part)
    return ValueShare("", selected, rest, low, high)
