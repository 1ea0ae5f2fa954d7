"""Read the user documentation: Markdown files, and the contents that list them.

`contents.md` is the only list: a heading of level 2 begins a section, each entry
below it is a link to a page. A page has one heading of level 1, its title. A folder
named by a language holds pages in it; a page that is not there is shown in English.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from studio.core.errors import NotFound

_ENTRY = re.compile(r"^- \[([^]]+)\]\(([a-z0-9-]+)\.md\)(?:: (.*))?$")
_SLUG = re.compile(r"[a-z0-9-]+")
_HEADING = re.compile(r"^(#{1,3}) (.+)$")
#: Found sections that a search shows.
MAX_FOUND = 30
#: Characters of a found section's text that are shown.
SNIPPET_LENGTH = 180


@dataclass(frozen=True)
class ContentsPage:
    """A page of the contents: the name in its address, its title, what it is about."""

    slug: str
    title: str
    about: str


@dataclass(frozen=True)
class ContentsSection:
    """A part of the contents with its pages, in order."""

    title: str
    entries: tuple[ContentsPage, ...]


@dataclass(frozen=True)
class FoundSection:
    """A section of a page that holds every word of a search."""

    slug: str
    page: str
    heading: str
    snippet: str


def read_contents(language: str) -> list[ContentsSection]:
    """Return the sections of the contents, each with its pages."""
    found: list[ContentsSection] = []
    entries: list[ContentsPage] = []
    title = ""
    for line in _read_markdown("contents", language).splitlines():
        heading, entry = _HEADING.match(line), _ENTRY.match(line)
        if heading and len(heading[1]) == 2:
            if entries:
                found.append(ContentsSection(title, tuple(entries)))
            title, entries = heading[2], []
        elif entry:
            entries.append(ContentsPage(entry[2], entry[1], entry[3] or ""))
    return [*found, ContentsSection(title, tuple(entries))] if entries else found


def read_page(slug: str, language: str) -> str:
    """Return the Markdown of a page; raises NotFound where the contents name none."""
    listed = {entry.slug for part in read_contents(language) for entry in part.entries}
    if slug not in listed or not _SLUG.fullmatch(slug):
        raise NotFound(_("The help page %(slug)s doesn't exist.") % {"slug": slug})
    return _read_markdown(slug, language)


def find_sections(text: str, language: str) -> list[FoundSection]:
    """Return sections with every word of `text`: hits in a heading come first."""
    wanted = [word.casefold() for word in text.split()]
    if not wanted:
        return []
    ranked: list[tuple[int, FoundSection]] = []
    for part in read_contents(language):
        for entry in part.entries:
            page = _read_markdown(entry.slug, language)
            for heading, body in _page_sections(page, entry.title):
                whole = f"{entry.title}\n{heading}\n{body}".casefold()
                if all(word in whole for word in wanted):
                    titles = f"{entry.title} {heading}".casefold()
                    hits = sum(word in titles for word in wanted)
                    snippet = _search_snippet(body, wanted)
                    found = FoundSection(entry.slug, entry.title, heading, snippet)
                    ranked.append((-hits, found))
    # Sorting keeps the order of the contents among equal hits.
    ranked.sort(key=lambda pair: pair[0])
    return [found for _rank, found in ranked[:MAX_FOUND]]


def _read_markdown(name: str, language: str) -> str:
    folder = Path(settings.HELP_DIR)
    translated = folder / language / f"{name}.md"
    path = translated if translated.is_file() else folder / f"{name}.md"
    return path.read_text(encoding="utf-8")


def _page_sections(page: str, title: str) -> Iterator[tuple[str, str]]:
    """Yield each heading with the text below it; a `#` in code is no heading."""
    lines: list[str] = []
    heading, is_code = title, False
    for line in page.splitlines():
        if line.startswith("```"):
            is_code = not is_code
        found = None if is_code else _HEADING.match(line)
        if found:
            yield heading, "\n".join(lines)
            heading, lines = found[2], []
        else:
            lines.append(line)
    yield heading, "\n".join(lines)


def _search_snippet(body: str, wanted: list[str]) -> str:
    plain = " ".join(re.sub(r"```\w*|[`*|#]|\]\([^)]*\)|!?\[", " ", body).split())
    places = [plain.casefold().find(word) for word in wanted]
    first = min((place for place in places if place >= 0), default=0)
    start = max(0, first - SNIPPET_LENGTH // 3)
    start = plain.rfind(" ", 0, start) + 1 if start else 0
    end = start + SNIPPET_LENGTH
    cut = plain[start:end].strip()
    return f"{'… ' if start else ''}{cut}{' …' if end < len(plain) else ''}"
