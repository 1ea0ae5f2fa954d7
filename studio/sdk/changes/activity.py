"""The change sets of a workspace, as the page *Activity* lists them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

#: Change sets that one request reads at most.
PAGE = 200


@dataclass(frozen=True)
class Change:
    """What one action changed; `time` is seconds since 1970.

    `member` is None for changes of the server. `runs` and `values` count what was
    changed. `experiment` is the only one that was changed, if there is only one.
    `undone` is True while an undo is in effect.
    """

    number: int
    time: float
    action: str
    kind: str
    way: str
    member: str | None
    token: str | None
    experiment: str | None
    runs: int
    values: int
    undone: bool


def list_activity(
    get: Callable[..., Any], wanted: Mapping[str, Any], limit: int | None
) -> Iterator[Change]:
    """Read change sets in pages, the newest first; None is no limit."""
    after, left = "", limit
    while left is None or left > 0:
        rows = PAGE if left is None else min(left, PAGE)
        reply = get("activity", rows=rows, after=after, **wanted)
        yield from map(_change_of, reply["changes"])
        after = reply["after"]
        if not after:
            return
        # The server also stops early where few of very many changes match.
        left = None if left is None else left - len(reply["changes"])


def _change_of(reply: Mapping[str, Any]) -> Change:
    return Change(
        number=reply["number"],
        time=reply["time"] / 1000,
        action=reply["action"],
        kind=reply["kind"],
        way=reply["way"],
        member=reply["member"],
        token=reply["token"],
        experiment=reply["experiment"],
        runs=reply["runs"],
        values=reply["changes"],
        undone=reply["undone"],
    )
