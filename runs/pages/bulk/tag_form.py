"""What the dialogs of tags have in common: the lines, the new tags, and what was sent.

A tag that the selected items have is unchanged at first, and can be set on all of them,
if it has one value, or removed from all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import QueryDict

from runs.pages.requests import split_tag_text
from runs.search.run_list import TagUse

#: What the form says of a tag, in fields named `tag.KEY`.
FIELD_PREFIX, SET, REMOVE = "tag.", "set", "remove"
#: Values of one tag that the dialog names.
MAX_VALUES = 5


@dataclass(frozen=True)
class TagLine:
    """A tag that some of the items have, and what the form says of it."""

    use: TagUse
    total: int
    choice: str
    #: Items that can change, and how many of them have the tag.
    open_total: int
    open_count: int

    @property
    def field(self) -> str:
        return FIELD_PREFIX + self.use.key

    @property
    def values(self) -> str:
        return ", ".join(value for value in self.use.values[:MAX_VALUES] if value)

    @property
    def is_on_all(self) -> bool:
        return self.use.count == self.total

    @property
    def addable(self) -> int:
        """How many items get it, if it is set on all."""
        return self.open_total - self.open_count

    @property
    def added(self) -> int:
        return self.addable if self.choice == SET else 0

    @property
    def removed(self) -> int:
        return self.open_count if self.choice == REMOVE else 0


@dataclass(frozen=True)
class NewTag:
    """A new tag; `added` is how many items get it or another value of it."""

    key: str
    value: str | None
    added: int
    #: What was typed.
    text: str


def tag_lines(
    sent: QueryDict,
    uses: Sequence[TagUse],
    total: int,
    open_uses: Sequence[TagUse],
    open_total: int,
) -> list[TagLine]:
    changing = {use.key: use.count for use in open_uses}
    return [
        TagLine(
            use,
            total,
            sent.get(FIELD_PREFIX + use.key, ""),
            open_total,
            changing.get(use.key, 0),
        )
        for use in uses
    ]


def read_tag_edit(
    sent: QueryDict, uses: Sequence[TagUse]
) -> tuple[dict[str, str | None], list[str]]:
    """Return the tags to set and the keys to remove; not checked yet."""
    tags = {
        use.key: use.values[0]
        for use in uses
        if use.is_same and sent.get(FIELD_PREFIX + use.key) == SET
    }
    removed = [use.key for use in uses if sent.get(FIELD_PREFIX + use.key) == REMOVE]
    return tags | dict(map(split_tag_text, new_texts(sent))), removed


def new_tags(sent: QueryDict, uses: Sequence[TagUse], total: int) -> list[NewTag]:
    known = {use.key: use for use in uses}
    found = {}
    for text in new_texts(sent):
        key, value = split_tag_text(text)
        has = known[key].count_of(value) if key in known else 0
        # Of two values of a tag, the last one is set.
        found[key] = NewTag(key, value, total - has, text)
    return list(found.values())


def new_texts(sent: QueryDict) -> list[str]:
    """The list of new tags, and the typed ones, which can have several lines."""
    texts = [*sent.getlist("new"), *sent.get("add", "").splitlines()]
    return list(dict.fromkeys(text.strip() for text in texts if text.strip()))


def listed_tags(sent: QueryDict, added: Sequence[NewTag]) -> tuple[list[NewTag], str]:
    """Return the new tags of the list, and the text that is still being typed."""
    typed = "" if sent.get("do") == "add" else sent.get("add", "")
    return [tag for tag in added if tag.text != typed.strip()], typed
