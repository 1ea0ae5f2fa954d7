"""The state of the tab: read from its address, written into its links."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from urllib.parse import quote

from django.http import QueryDict

FILES, CHANGES, ENVIRONMENT = "files", "changes", "environment"
SECTIONS = (FILES, CHANGES, ENVIRONMENT)
SIDE_BY_SIDE = "side"
#: Longer values in an address are ignored.
MAX_VALUE_CHARS = 5000


@dataclass(frozen=True)
class SnapshotState:
    """`show` is a section, or empty for the default one; `other` names another run.

    `path` is a file of the snapshot, and `diff` is how differences are shown.
    """

    show: str = ""
    other: str = ""
    path: str = ""
    diff: str = ""

    @property
    def is_side(self) -> bool:
        return self.diff == SIDE_BY_SIDE

    def href(self, **changes: str) -> str:
        """The query string of this state with `changes`, defaults left out."""
        state = replace(self, **changes)
        values = {
            _parameter(each.name): getattr(state, each.name) for each in fields(state)
        }
        parts = [f"{name}={quote(text)}" for name, text in values.items() if text]
        return "?" + "&".join(parts)

    @property
    def toggle_href(self) -> str:
        return self.href(diff="" if self.is_side else SIDE_BY_SIDE)


def read_state(query: QueryDict) -> SnapshotState:
    """Read the state; unknown sections and long values count as absent."""
    texts = {
        each.name: text
        for each in fields(SnapshotState)
        if len(text := query.get(_parameter(each.name), "")) <= MAX_VALUE_CHARS
    }
    if texts.get("show", "") not in SECTIONS:
        texts["show"] = ""
    texts["other"] = texts.get("other", "").strip()
    return SnapshotState(**texts)


def _parameter(name: str) -> str:
    return "with" if name == "other" else name
