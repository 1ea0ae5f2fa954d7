"""The list of metrics with check boxes: in groups by prefix, and a part of a long one.

A browser takes half a minute for the boxes of 10,000 metrics, so that of more than
`MAX_LISTED` metrics one page at a time is listed, and the server searches for others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from runs.models import Metric
from runs.pages.metrics.metric_choice import MetricChoice
from runs.render.metrics import DisplayValue, display_last
from studio.core.names import SYSTEM_METRIC_PREFIX, is_system_metric

#: Number of metrics in one page of the list.
MAX_LISTED = 300
MAX_FIND_LENGTH = 200


@dataclass(frozen=True)
class MetricCheckbox:
    id: int
    key: str
    last: DisplayValue
    chosen: bool


@dataclass(frozen=True)
class MetricCheckboxGroup:
    """Metrics whose names have the same prefix, up to the first slash.

    `total` is how many the run has, `entries` are those of this page of the list.
    """

    name: str
    total: int
    entries: list[MetricCheckbox]

    @property
    def is_open(self) -> bool:
        """Whether the group shows its metrics: of the machine only selected ones."""
        is_system = f"{self.name}/" == SYSTEM_METRIC_PREFIX
        return not is_system or any(entry.chosen for entry in self.entries)


@dataclass(frozen=True)
class MetricList:
    groups: list[MetricCheckboxGroup]
    #: Chosen metrics that are not listed; hidden inputs keep them chosen.
    chosen_elsewhere: list[str]
    find: str
    #: Whether the server searches, because the page doesn't have all metrics.
    is_long: bool
    #: Numbers of the first and last listed metric, of how many that were found.
    first: int
    last: int
    found: int
    #: Query strings of the pages before and after; empty if there is none.
    previous_query: str = ""
    next_query: str = ""


def build_metric_list(
    heads: Sequence[Metric], choice: MetricChoice, parameters: Mapping[str, Any]
) -> MetricList:
    """Build the page of the list that the address names."""
    is_long = len(heads) > MAX_LISTED
    find = str(parameters.get("find", "")).strip()[:MAX_FIND_LENGTH]
    prefixes = _prefixes_of_groups(heads)
    found = sorted(
        (head for head in heads if _has_all_words(head.key.name, find)),
        # Metrics without a group come first, those of the machine last.
        key=lambda head: (
            is_system_metric(head.key.name),
            _group_of(head.key.name, prefixes) != "",
        ),
    )
    word = str(parameters.get("list", "1"))
    page = int(word) if word.isascii() and word.isdigit() and len(word) < 6 else 1
    pages = max(-(-len(found) // MAX_LISTED), 1)
    page = min(max(page, 1), pages)
    start = (page - 1) * MAX_LISTED
    listed = found[start : start + MAX_LISTED]
    keys = {head.key.name for head in listed}
    query = _ListQuery(choice, find if is_long else "")
    return MetricList(
        list(_groups(listed, prefixes, choice)),
        [key for key in choice.keys if key not in keys],
        find,
        is_long,
        min(start + 1, len(found)),
        start + len(listed),
        len(found),
        query.page(page - 1) if page > 1 else "",
        query.page(page + 1) if page < pages else "",
    )


@dataclass(frozen=True)
class _ListQuery:
    choice: MetricChoice
    find: str

    def page(self, number: int) -> str:
        return metric_list_query(self.choice, self.find, number)


def metric_list_query(choice: MetricChoice, find: str, page: int = 1) -> str:
    """Return the query string of the tab with a search in its list, or a page of it."""
    more = {"find": find, "list": "" if page == 1 else str(page)}
    rest = urlencode({name: value for name, value in more.items() if value})
    return "&".join(filter(None, [choice.query(), rest]))


def _has_all_words(name: str, find: str) -> bool:
    """Whether each word is in the name, like the page's script."""
    return all(word in name.lower() for word in find.lower().split())


def _prefix(name: str) -> str:
    return name.partition("/")[0] if "/" in name else ""


def _prefixes_of_groups(heads: Sequence[Metric]) -> Mapping[str, int]:
    """Return how many metrics each group has; a single metric needs none."""
    counts = Counter(_prefix(head.key.name) for head in heads)
    system = SYSTEM_METRIC_PREFIX.rstrip("/")
    return {name: n for name, n in counts.items() if name and (n > 1 or name == system)}


def _group_of(name: str, prefixes: Collection[str]) -> str:
    prefix = _prefix(name)
    return prefix if prefix in prefixes else ""


def _groups(
    listed: Sequence[Metric], totals: Mapping[str, int], choice: MetricChoice
) -> Iterator[MetricCheckboxGroup]:
    groups: dict[str, list[MetricCheckbox]] = {}
    chosen = set(choice.keys)
    for head in listed:
        key = head.key.name
        groups.setdefault(_group_of(key, totals), []).append(
            MetricCheckbox(head.pk, key, display_last(head), key in chosen)
        )
    for name, entries in groups.items():
        yield MetricCheckboxGroup(name, totals.get(name, len(entries)), entries)
