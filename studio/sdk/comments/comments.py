"""Comments of members on a run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Comment:
    """A comment in Markdown; times are seconds since 1970.

    `author` is None for a member whose account was deleted. `edited` is None for a text
    that was never changed.
    """

    id: int
    author: str | None
    text: str
    created: float
    edited: float | None = None
    mentions: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.author or '?'}: {self.text}"


def read_comments(get: Callable[..., Any], path: str) -> list[Comment]:
    """Read all comments below the path, the oldest first."""
    found: list[Comment] = []
    after = None
    while True:
        reply = get(path, after=after)
        found += [comment_of(each) for each in reply["comments"]]
        after = reply["after"]
        if not after:
            return found


def comment_of(reply: dict[str, Any]) -> Comment:
    edited = reply["edited"]
    return Comment(
        reply["id"],
        reply["author"],
        reply["text"],
        reply["created"] / 1000,
        None if edited is None else edited / 1000,
        tuple(reply["mentions"]),
    )
