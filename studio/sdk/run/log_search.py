"""Lines of a run's log with a text, found by the server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from studio.core.errors import InvalidValue, NotFound
from studio.sdk.errors import UserErrorException
from studio.sdk.run.state import RunState


@dataclass(frozen=True)
class LogMatch:
    """A line of a log that matches.

    `line` counts from 1. `text` is the part of the line around its matches, without
    colors. `level` is `error`, `warn`, `info`, `debug` or empty. `time` is in seconds
    since 1970, and None for a line without a time stamp.
    """

    path: str
    line: int
    text: str
    level: str = ""
    time: float | None = None

    def __str__(self) -> str:
        return f"{self.line}: {self.text}"


def search_log(state: RunState, query: dict[str, Any]) -> Iterator[LogMatch]:
    """Yield matching lines; the first request is sent at once."""
    # What this process printed can still be in the spool.
    state.flush()
    return _matches(state, query, _request(state, query, ""))


def _request(state: RunState, query: dict[str, Any], after: str) -> dict[str, Any]:
    place = state.path("logs/search")
    try:
        found: dict[str, Any] = state.connection.get(
            place, **query, after=after or None
        )
    except (InvalidValue, NotFound) as error:
        raise UserErrorException(error.message) from error
    return found


def _matches(
    state: RunState, query: dict[str, Any], found: dict[str, Any]
) -> Iterator[LogMatch]:
    while True:
        for hit in found["hits"]:
            time = None if hit["time"] is None else hit["time"] / 1000
            yield LogMatch(found["path"], hit["line"], hit["text"], hit["level"], time)
        if not found["next"]:
            return
        found = _request(state, query, found["next"])
