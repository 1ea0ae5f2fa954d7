"""A filter's text that is parsed at most once, however many values it is copied into.

A `ViewSpec` keeps its filter as text, so that a page with a broken filter still shows.
Copies of the spec share the text object, and with it what parsing found.
"""

from __future__ import annotations

from functools import cached_property

from studio.core.errors import InvalidFilter, NotSupported
from studio.core.filters.source import Source, read
from studio.core.filters.text import to_text
from studio.core.filters.tree import Node


class FilterText(str):
    """The text as typed; equal to the plain text."""

    @classmethod
    def of(cls, text: str) -> FilterText:
        return text if isinstance(text, cls) else cls(text)

    @classmethod
    def of_tree(cls, node: Node | None) -> FilterText:
        """The canonical text of a tree, which is known and never parsed."""
        text = cls(to_text(node))
        text.__dict__["node"] = node
        return text

    @classmethod
    def of_source(cls, source: Source) -> FilterText:
        """The text of a source, which is known and never parsed."""
        text = cls(source.text)
        text.__dict__["_parsed"] = source
        return text

    @cached_property
    def node(self) -> Node | None:
        """The tree, None if the text is empty; raises InvalidFilter."""
        return self.source.node

    @property
    def source(self) -> Source:
        """The tree and where its terms stand; raises InvalidFilter."""
        if isinstance(self._parsed, Source):
            return self._parsed
        raise self._parsed.with_traceback(None)

    @cached_property
    def _parsed(self) -> Source | InvalidFilter | NotSupported:
        if not self:
            return Source("")
        try:
            return read(str(self))
        except (InvalidFilter, NotSupported) as error:
            return error
