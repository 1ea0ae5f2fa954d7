"""What a line of the table of addresses says, and short ways to write one."""

from __future__ import annotations

from dataclasses import dataclass, field

PUBLIC, SIGNED_IN, IN_PERSON = "public", "signed in", "in person"
READER, CONTRIBUTOR, OWNER = "reader", "contributor", "owner"
#: Only with the token of an agent.
AGENT = "agent"
#: Only the operator's programs (`tests/web/monitoring`).
OPERATOR = "operator"


@dataclass(frozen=True)
class Row:
    needs: dict[str, str]
    #: Parts of the path that differ from `SAMPLES`; `{member}` is filled by the scene.
    parts: dict[str, str] = field(default_factory=dict)
    also: frozenset[int] = frozenset()
    is_api: bool = False


def row(*also: int, parts: dict[str, str] | None = None, **needs: str) -> Row:
    return Row(needs, parts or {}, frozenset(also))


def page(need: str, *also: int, **parts: str) -> Row:
    return row(*also, parts=parts, GET=need)


def form(need: str, *also: int, **parts: str) -> Row:
    return row(*also, parts=parts, POST=need)


def data(need: str, *also: int, **parts: str) -> Row:
    """What a page's script asks for: its errors are JSON."""
    return as_api(page(need, *also, **parts))


def as_api(entry: Row) -> Row:
    return Row(entry.needs, entry.parts, entry.also, is_api=True)
