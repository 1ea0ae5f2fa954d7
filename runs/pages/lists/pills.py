"""The filter's terms as pills, each with the address of its editor."""

from __future__ import annotations

from dataclasses import dataclass

from runs.pages.lists.run_links import Links
from runs.render.filters.pills import pill


@dataclass(frozen=True)
class Pill:
    """`edit` opens the term's editor, `without` is the list without the term."""

    label: str
    text: str
    edit: str
    without: str


def pills(links: Links) -> list[Pill]:
    source = links.source
    return [
        Pill(
            *pill(node),
            links.part("filter", term=str(number)),
            links.query(q=source.without(number)),
        )
        for number, node in enumerate(source.nodes)
    ]
