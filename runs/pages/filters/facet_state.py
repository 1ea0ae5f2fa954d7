"""How the facets panel stands: in the address, or remembered in a cookie."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlencode

from django.http import QueryDict

from runs.search.filters import MAX_OPEN, is_facet
from studio.core import view_text
from studio.core.errors import InvalidFilter
from studio.core.filters import Field, field_text, parse_field

COOKIE = "facets"


@dataclass(frozen=True)
class PanelState:
    """How the panel stands; `opened` is None where nobody has said."""

    opened: tuple[Field, ...] | None
    more: tuple[Field, ...]
    find: str

    @classmethod
    def of(cls, given: QueryDict, cookies: Mapping[str, str]) -> PanelState:
        text = given.get("open")
        if text is None and COOKIE in cookies:
            text = unquote(cookies[COOKIE])
        opened = None if text is None else _fields(text)[:MAX_OPEN]
        more = _fields(given.get("more", ""))
        return cls(opened, more, given.get("find", "").strip()[:100])

    def query(self) -> str:
        pairs = {
            "open": None if self.opened is None else names(self.opened) or "-",
            "more": names(self.more),
            "find": self.find,
        }
        return urlencode({name: text for name, text in pairs.items() if text})


def _fields(text: str) -> tuple[Field, ...]:
    """The fields that a list names; what is none of them is left out."""
    found = []
    for word in view_text.split(text[:4000], ",", "open")[:50]:
        try:
            field = parse_field(word)
        except InvalidFilter:
            continue
        if is_facet(field):
            found.append(field)
    return tuple(dict.fromkeys(found))


def names(fields: Iterable[Field]) -> str:
    return ",".join(map(field_text, fields))


def facet_state_query(given: QueryDict) -> str:
    """What the address says of it."""
    said = [name for name in ("open", "more") if given.get(name)]
    return urlencode({name: given[name] for name in said})
