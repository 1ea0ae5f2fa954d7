"""The state of the tab *Media*, read from its address and written into its links."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

from runs.search.media import MediaCatalog, MediaSeries
from studio.core.names import MAX_INT64, MIN_INT64

#: Media shown if the address names none, and at most.
FIRST_MEDIA, MAX_CHOSEN = 6, 24
#: Items of one medium by default, and at most; *Show more* doubles them.
INITIAL_ITEMS, MAX_ITEMS = 28, 1000
ORDERS = ("low", "high", "logged")
#: Filters, order and columns of tables in the address, all together.
MAX_TABLE_PARAMETERS = 100
_TABLE_PARAMETER = re.compile(r"t[0-9a-f]{6}-.+")
_STEP = re.compile(r"-?\d{1,19}", re.ASCII)


@dataclass(frozen=True)
class MediaState:
    """`names` are the chosen media; `default` means that the reader chose none.

    `over` shows media over steps instead of at one. `off` are hidden layers, `item` the
    caption of the item that is shown over steps, `open` the path of the open item.
    `tables` are names and values of the states of tables.
    """

    names: tuple[str, ...]
    default: bool = False
    step: int | None = None
    over: bool = False
    order: str = "low"
    shown: int = INITIAL_ITEMS
    off: tuple[str, ...] = ()
    item: str = ""
    open: str = ""
    tables: tuple[tuple[str, str], ...] = ()

    def query(self, **changes: Any) -> str:
        """Return the query string with changes, without defaults."""
        state = replace(self, **changes)
        pairs: list[tuple[str, str]] = []
        if not state.default:
            pairs = [("name", name) for name in state.names] or [("none", "1")]
        pairs += state.display_parameters()
        if state.step is not None:
            pairs.append(("step", str(state.step)))
        if state.open:
            pairs.append(("open", state.open))
        return urlencode(pairs, safe="/")

    def href(self, **changes: Any) -> str:
        return f"?{self.query(**changes)}"

    def display_parameters(self) -> list[tuple[str, str]]:
        """Return the parameters of the display, without media, step and open item."""
        options = {
            "view": "steps" if self.over else "",
            "order": "" if self.order == "low" else self.order,
            "shown": "" if self.shown == INITIAL_ITEMS else str(self.shown),
            "item": self.item,
        }
        pairs = [(name, value) for name, value in options.items() if value]
        return [*pairs, *(("off", name) for name in self.off), *self.tables]

    def without_table(self, prefix: str) -> MediaState:
        """Return the state without that of the table whose parameters begin so."""
        rest = (pair for pair in self.tables if not pair[0].startswith(prefix))
        return replace(self, tables=tuple(rest))

    def chosen(self, catalog: MediaCatalog) -> list[MediaSeries]:
        names = set(self.names)
        return [each for each in catalog.series if each.name in names]


def read_media_state(parameters: QueryDict, catalog: MediaCatalog) -> MediaState:
    """Read the state; what can't be read is left out."""
    names, default = _chosen_names(parameters, catalog.names)
    order = parameters.get("order", "")
    view = parameters.get("view", "")
    return MediaState(
        tuple(names[:MAX_CHOSEN]),
        default,
        read_step(parameters.get("step", "")),
        # Links to the tab Images have `side`.
        view == "steps" or (not view and parameters.get("side") == "1"),
        order if order in ORDERS else "low",
        _read_count(parameters.get("shown", "")),
        tuple(dict.fromkeys(parameters.getlist("off"))),
        parameters.get("item", ""),
        parameters.get("open", ""),
        tuple(_table_parameters(parameters))[:MAX_TABLE_PARAMETERS],
    )


def table_prefix(name: str) -> str:
    """Return how the address begins the parameters of the table with this name."""
    return f"t{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()[:6]}-"


def _table_parameters(parameters: QueryDict) -> Iterator[tuple[str, str]]:
    for name, values in parameters.lists():
        if _TABLE_PARAMETER.fullmatch(name):
            yield from ((name, value) for value in values if value)


def _chosen_names(
    parameters: QueryDict, names: Sequence[str]
) -> tuple[Sequence[str], bool]:
    chosen = set(parameters.getlist("name"))
    if chosen:
        return [name for name in names if name in chosen], False
    if parameters.get("none") == "1":
        return [], False
    if parameters.get("all") == "1":
        return names, False
    return names[:FIRST_MEDIA], True


def read_step(text: str) -> int | None:
    """Return the step of an address; None if it is none, or has over 64 bits.

    Digits can be in groups, as the page shows them.
    """
    text = text.replace(",", "").replace(" ", "")
    if not _STEP.fullmatch(text):
        return None
    step = int(text)
    return step if MIN_INT64 <= step <= MAX_INT64 else None


def _read_count(text: str) -> int:
    count = int(text) if text.isdecimal() and len(text) < 6 else INITIAL_ITEMS
    return min(max(count, 1), MAX_ITEMS)
