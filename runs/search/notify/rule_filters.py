"""Which runs cannot match the filters of many rules, without a query for each filter.

A filter often requires a value of a tag, parameter, property or experiment. These
values are read once for all filters. A run that lacks one cannot match; the others are
left to the filter itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from runs.models import Run
from runs.search.sql import TEXT_TABLES
from studio.core.batches import batches
from studio.core.errors import StudioError
from studio.core.filters import parse, tree
from studio.core.filters.tree import Comparison, Field, Text

_EXPERIMENT = tree.attribute("experiment")
#: Of filters, which are the same at each status change.
_MAX_KNOWN_FILTERS = 4096


@dataclass(frozen=True)
class RequiredText:
    """A run must have the field; with `texts`, one of these values."""

    field: Field
    texts: frozenset[str] | None


@lru_cache(maxsize=_MAX_KNOWN_FILTERS)
def required_texts(q: str) -> tuple[RequiredText, ...]:
    """Return what each matching run has; nothing for a filter that is not valid."""
    try:
        node = parse(q)
    except StudioError:
        return ()
    found = [_required_text(term) for term in tree.terms(node)]
    return tuple(each for each in found if each is not None)


def _required_text(term: tree.Node) -> RequiredText | None:
    if not isinstance(term, Comparison) or term.op in tree.NEGATED:
        return None
    is_equal = term.op in ("=", "in")
    texts = [value.text for value in term.values if isinstance(value, Text)]
    # A number equals each of its spellings.
    is_text = is_equal and len(texts) == len(term.values) > 0
    if term.field == _EXPERIMENT:
        return RequiredText(term.field, frozenset(texts)) if is_text else None
    if term.field.kind not in TEXT_TABLES:
        return None
    return RequiredText(term.field, frozenset(texts) if is_text else None)


@dataclass
class RunTexts:
    """The values of some runs, as far as filters require them."""

    runs: Collection[int]
    #: By field the value of each run that has it.
    values: dict[Field, dict[int, str | None]] = field(default_factory=dict)

    def read(self, filters: Iterable[str]) -> None:
        """Read what the filters require: a query per kind of field."""
        names: dict[str, set[str]] = defaultdict(set)
        for required in {each for q in filters for each in required_texts(q)}:
            names[required.field.kind].add(required.field.key)
            self.values[required.field] = {}
        for some in batches(sorted(self.runs)):
            for kind, keys in names.items():
                for name, run, value in _rows(kind, keys, some):
                    self.values[Field(kind, name)][run] = value

    def possible_runs(self, q: str, runs: Iterable[int]) -> list[int]:
        """Return those of the runs that the filter can match, in their order."""
        found = list(runs)
        for required in required_texts(q):
            values = self.values[required.field]
            found = [
                run
                for run in found
                if run in values
                and (required.texts is None or values[run] in required.texts)
            ]
        return found


def _rows(
    kind: str, keys: Collection[str], runs: Collection[int]
) -> Iterable[tuple[str, int, str | None]]:
    if kind == tree.ATTRIBUTE:
        rows = Run.objects.filter(pk__in=runs).order_by()
        for run, name in rows.values_list("pk", "experiment__name"):
            yield _EXPERIMENT.key, run, name
        return
    table: Mapping[str, Any] = TEXT_TABLES
    texts = table[kind].objects.filter(run__in=runs, key__name__in=keys).order_by()
    yield from texts.values_list("key__name", "run", "value")
