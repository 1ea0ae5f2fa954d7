"""The user documentation in `docs/user/`: its contents, pages and search."""

from runs.search.help.documentation import (
    Entry,
    Found,
    Section,
    find_sections,
    read_contents,
    read_page,
)

__all__ = [
    "Entry",
    "Found",
    "Section",
    "find_sections",
    "read_contents",
    "read_page",
]
