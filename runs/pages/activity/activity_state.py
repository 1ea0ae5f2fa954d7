"""The state of the activity page, which is its address."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.http import QueryDict

from runs.search.activity import ActivityFilter

MAX_CHOICES, MAX_TEXT = 50, 4000


@dataclass(frozen=True)
class ActivityState:
    """The filter, and the cursor of the page."""

    wanted: ActivityFilter
    after: str = ""

    @classmethod
    def read(cls, query: QueryDict) -> ActivityState:
        token = query.get("token", "")
        is_number = token.isascii() and token.isdecimal() and len(token) < 18
        wanted = ActivityFilter(
            q=query.get("q", "")[:MAX_TEXT].strip(),
            members=_choices(query, "member"),
            kinds=_choices(query, "kind"),
            ways=_choices(query, "way"),
            token=int(token) if is_number else None,
            run=query.get("run", "")[:256],
            experiment=query.get("experiment", "")[:MAX_TEXT],
            is_current=query.get("current") == "1",
            has_undos=False,
        )
        return cls(wanted, query.get("after", "")[:40])

    def pairs(self) -> list[tuple[str, str]]:
        """The parameters of the filter, in a fixed order."""
        wanted = self.wanted
        found = [("q", wanted.q)] if wanted.q else []
        found += [("member", each) for each in wanted.members]
        found += [("kind", each) for each in wanted.kinds]
        found += [("way", each) for each in wanted.ways]
        if wanted.token is not None:
            found.append(("token", str(wanted.token)))
        if wanted.run:
            found.append(("run", wanted.run))
        if wanted.experiment:
            found.append(("experiment", wanted.experiment))
        return [*found, ("current", "1")] if wanted.is_current else found

    def query(self, **more: str) -> str:
        return urlencode([*self.pairs(), *more.items()])

    def href(self, path: str, **more: str) -> str:
        query = self.query(**more)
        return f"{path}?{query}" if query else path

    def with_q(self, q: str) -> ActivityState:
        return ActivityState(replace(self.wanted, q=q))

    def toggled(self, name: str, value: str) -> ActivityState:
        """With the choice of a facet added, or removed if it is there."""
        chosen: tuple[str, ...] = getattr(self.wanted, name)
        others = tuple(each for each in chosen if each != value)
        values = others if value in chosen else (*chosen, value)
        return ActivityState(replace(self.wanted, **{name: values}))  # type: ignore[arg-type]

    def without(self, name: str) -> ActivityState:
        empty = getattr(ActivityFilter(), name)
        return ActivityState(replace(self.wanted, **{name: empty}))

    def exported(self) -> ActivityState:
        """For files: with a row for each undo."""
        return ActivityState(replace(self.wanted, has_undos=True))

    def toggled_current(self) -> ActivityState:
        is_current = not self.wanted.is_current
        return ActivityState(replace(self.wanted, is_current=is_current))

    @property
    def is_filtered(self) -> bool:
        return bool(self.pairs())


def _choices(query: QueryDict, name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(query.getlist(name)))[:MAX_CHOICES]
