"""The user documentation in `docs/user/`: its contents, pages and search."""

from runs.search.help.documentation import (
    ContentsPage,
    ContentsSection,
    FoundSection,
    find_sections,
    read_contents,
    read_page,
)

__all__ = [
    "ContentsPage",
    "ContentsSection",
    "FoundSection",
    "find_sections",
    "read_contents",
    "read_page",
]
