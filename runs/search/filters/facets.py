"""What the facets panel counts: the values of fields in the runs that match.

A facet leaves its own field's terms out of the filter, so that it shows what else could
be chosen. Which tags, parameters and metrics there are is read from a sample of the
runs; every number that is shown is counted over all of them, or over the newest 10,000.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Count, Q, Value
from django.db.models.functions import Length

from runs.models import Experiment, Key, Metric, User, Workspace, now_ms
from runs.models.grams import SYSTEM_TAG_PREFIX
from runs.search.fields import FACETS, GroupColumn, source_of
from runs.search.query import RunSet, build_query, read_run_set
from runs.search.sql import KEY_KINDS, TEXT_TABLES, InKeys, keys_containing
from runs.search.values import TEXT_HEAD, KeyCounter
from studio.core.filters import Node, field_text, tree
from studio.core.filters.source import FilterText
from studio.core.filters.tree import Comparison, Field, all_of, terms
from studio.core.view_spec import ViewSpec

#: Runs that are asked which keys they have.
SAMPLE_RUNS = 600
#: Kinds of keys, in the order of the panel.
KEYED_KINDS = (tree.TAGS, tree.PARAMS, tree.METRICS)
#: Sections that are open at once; each costs a query or two.
MAX_OPEN_FACETS = 12


@dataclass(frozen=True)
class SampledKey:
    """A key of the sample: in how many of its runs, with how many values."""

    field: Field
    runs: int
    values: int

    def is_named(self, name: str) -> bool:
        own = (self.field.key.lower(), field_text(self.field).lower())
        return name.lower() in own


@dataclass(frozen=True)
class ValueCount:
    """A value and how many runs have it. None: a tag that is only a word.

    `number` is the value as a number, if it is one; `title` what people call it. Of a
    long text `value` is the beginning, and `digest` stands for the whole.
    """

    value: str | None
    runs: int
    number: float | None = None
    title: str = ""
    digest: str = ""


@dataclass(frozen=True)
class Facet:
    """A field's values, the commonest first, in the runs that it is counted over."""

    field: Field
    values: tuple[ValueCount, ...]
    runs: int

    @property
    def runs_without_value(self) -> int:
        """How many runs have no value."""
        return self.runs - sum(each.runs for each in self.values)


class FacetReader:
    """Reads facets of one list; runs that several of them share are read once.

    Who makes a panel of them puts one `time_limit` around all.
    """

    def __init__(
        self,
        spec: ViewSpec,
        viewer: User,
        workspace: Workspace,
        *,
        experiment: Experiment | None = None,
        now: int | None = None,
        counted: Iterable[Field] = FACETS,
    ) -> None:
        """`counted` are the fields whose values will be counted, apart from keys."""
        self.spec, self.viewer, self.workspace = spec, viewer, workspace
        groups = (source_of(field).group for field in counted)
        self._columns = tuple(group.column for group in groups if group is not None)
        self.experiment = experiment
        self.now = now_ms() if now is None else now
        self.terms = terms(spec.filter())
        self._sets: dict[tuple[Node, ...], RunSet] = {}
        self._known_keys: dict[Field, int | None] = {}

    def matching_runs(self, ignored: Field | None = None) -> RunSet:
        """The runs of the list; for a field, without the terms on it."""
        kept = tuple(each for each in self.terms if not is_term_on(each, ignored))
        if kept not in self._sets:
            self._sets[kept] = self._read_matching_runs(kept)
        return self._sets[kept]

    @cached_property
    def key_counter(self) -> KeyCounter:
        """Counts keys of the runs of the list."""
        return KeyCounter(self.matching_runs().ids)

    def _read_matching_runs(self, kept: tuple[Node, ...]) -> RunSet:
        spec = self.spec.changed(q=FilterText.of_tree(all_of(*kept) if kept else None))
        run_query = build_query(
            spec,
            self.viewer,
            self.workspace,
            now=self.now,
            experiment=self.experiment,
        )
        return read_run_set(run_query, self._columns)

    def fields_in_filter(self) -> list[Field]:
        """The fields that the filter has terms on, which facets can show."""
        found = [each.field for each in self.terms if isinstance(each, Comparison)]
        return [field for field in dict.fromkeys(found) if is_facet(field)]

    def most_useful_keys(self, kind: str, part: str = "") -> list[SampledKey]:
        """The keys of a kind that hold `part`, useful ones first, then common ones.

        Before all stands the key that is named so, however few runs have it.
        """
        value = "last" if kind == tree.METRICS else "value"
        found = self._find_keys(kind, part, Count(value, distinct=True))
        return sorted(
            found, key=lambda one: (not one.is_named(part), *_order_by_usefulness(one))
        )

    def sampled_keys(self, kind: str, part: str = "") -> list[SampledKey]:
        """The same keys in no order, without their values: these take most time."""
        return self._find_keys(kind, part, Value(0))

    def _find_keys(self, kind: str, part: str, values: Any) -> list[SampledKey]:
        sample = self.matching_runs().sample(SAMPLE_RUNS)
        rows = _key_table(kind).filter(Q(InKeys("run_id", sample))).order_by()
        counted = rows.values_list("key").annotate(n=Count("run"), values=values)
        shares = {key: (runs, values) for key, runs, values in counted}
        names = Key.objects.filter(Q(InKeys("id", list(shares))))
        if part:
            names = names.filter(keys_containing(part))
        names = names.exclude(name__startswith=SYSTEM_TAG_PREFIX)
        known = {
            pk: _keyed_field(kind, name) for pk, name in names.values_list("pk", "name")
        }
        self._known_keys.update({field: pk for pk, field in known.items()})
        found = [SampledKey(field, *shares[pk]) for pk, field in known.items()]
        if part:
            found += self._keys_outside_sample(
                kind, part, [each.field for each in found]
            )
        return found

    def _keys_outside_sample(
        self, kind: str, part: str, seen: Sequence[Field]
    ) -> list[SampledKey]:
        """Rarer keys, that no run of the sample has; the shortest hold least else."""
        names = Key.objects.filter(
            keys_containing(part), workspace=self.workspace, kind=KEY_KINDS[kind]
        )
        names = names.exclude(name__startswith=SYSTEM_TAG_PREFIX).order_by(
            Length("name"), "name"
        )
        found = [
            _keyed_field(kind, name)
            for name in names.values_list("name", flat=True)[:50]
        ]
        return [SampledKey(field, 0, 0) for field in found if field not in seen]

    def count_values(self, field: Field) -> Facet:
        """The field's values, counted."""
        found = self.matching_runs(field)
        group = source_of(field).group
        if group is not None:
            values = self._count_own_values(group, found.column(group.column))
        else:
            values = self._count_keyed_values(field, found)
        values.sort(key=lambda each: (-each.runs, each.title or each.value or ""))
        return Facet(field, tuple(values), len(found.ids))

    def _key_id(self, field: Field) -> int | None:
        """The key itself, and no join with its name: of that PostgreSQL's planner
        does not know how many runs it has, and it looks through all of them."""
        if field not in self._known_keys:
            keys = Key.objects.filter(
                workspace=self.workspace, kind=KEY_KINDS[field.kind], name=field.key
            )
            self._known_keys[field] = keys.values_list("pk", flat=True).first()
        return self._known_keys[field]

    def _count_keyed_values(self, field: Field, found: RunSet) -> list[ValueCount]:
        key = self._key_id(field)
        if key is None:
            return []
        # A run has one row of the key.
        of_runs = Q(InKeys("run_id", found.ids, max_gap=InKeys.MAX_GAP_OF_RUNS))
        rows = _key_table(field.kind).filter(of_runs, key=key)
        if field.kind == tree.METRICS:
            numbers = Counter(rows.values_list("last", flat=True))
            return [
                ValueCount(repr(number), runs, number)
                for number, runs in numbers.items()
                if number is not None and math.isfinite(number)
            ]
        values = rows.order_by().values_list(*TEXT_HEAD, "number")
        return [
            ValueCount(head, runs, number, digest=digest)
            for head, digest, number, runs in values.annotate(n=Count("run"))
        ]

    def _count_own_values(
        self, group: GroupColumn, column: Iterable[Any]
    ) -> list[ValueCount]:
        counts = {
            value: n for value, n in Counter(column).items() if value not in (None, "")
        }
        names = group.names_of_values(list(counts))
        return [
            ValueCount(
                names[each].text, runs, title=names[each].title or names[each].text
            )
            for each, runs in counts.items()
        ]


def is_term_on(term: Node, field: Field | None) -> bool:
    return isinstance(term, Comparison) and term.field == field


def is_facet(field: Field) -> bool:
    """Whether the panel can show the field."""
    if field.kind == tree.METRICS and field.aggregate != "last":
        return False
    return source_of(field).facet > 0


def _keyed_field(kind: str, name: str) -> Field:
    return Field(kind, name, "last" if kind == tree.METRICS else "")


def _key_table(kind: str) -> Any:
    table: Any = Metric if kind == tree.METRICS else TEXT_TABLES[kind]
    return table.objects


def _order_by_usefulness(share: SampledKey) -> tuple[bool, int, str]:
    """A key with one value, or with another in every run, divides nothing."""
    is_useful = 1 < share.values < share.runs
    return not is_useful, -share.runs, share.field.key
