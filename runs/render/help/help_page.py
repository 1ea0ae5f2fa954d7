"""One page of the documentation: Markdown in, HTML and its headings out."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.utils.safestring import SafeString, mark_safe

from runs.render.descriptions import render_markdown

_TITLE = re.compile(r"\A\s*# (.+)\n")
_LINK = re.compile(r"(!?)\[([^]]*)\]\(([^)\s]+)\)")
_HEADING = re.compile(r"<h([3-6])>(.*?)</h\1>", re.DOTALL)
_TAG = re.compile(r"<[^>]+>")
Replace = Callable[[re.Match[str]], str]
_CODE_BLOCK = re.compile(r"(```.*?```)", re.DOTALL)


@dataclass(frozen=True)
class Heading:
    """A heading inside a page; `level` 3 is the highest."""

    level: int
    text: str
    id: str


@dataclass(frozen=True)
class HelpPage:
    """A page's title, its body, and the headings that its own contents list."""

    title: str
    body: SafeString
    headings: tuple[Heading, ...]


def render_help_page(text: str, values: Mapping[str, str], address: str) -> HelpPage:
    """Render a page of the documentation.

    `values` replaces example texts by this server's own, for example its address.
    `address` is the path of the help's index; links to `other.md` lead below it.
    """
    for example, own in values.items():
        text = text.replace(example, own)
    title = _TITLE.match(text)
    body = text[title.end() :] if title else text
    # Code can contain what looks like a link, and must stay as it is written.
    parts = _CODE_BLOCK.split(body)
    linked = [
        part if part.startswith("```") else _LINK.sub(_link_replacer(address), part)
        for part in parts
    ]
    headings: list[Heading] = []
    body_html = _HEADING.sub(
        _heading_replacer(headings), render_markdown("".join(linked))
    )
    heading = html.escape(title[1]) if title else ""
    # `render` cleaned it; the ids are letters, digits and dashes.
    return HelpPage(
        html.unescape(heading),
        mark_safe(body_html),  # noqa: S308
        tuple(headings),
    )


def heading_id(text: str) -> str:
    """Return the anchor of a heading, as on code hosting sites."""
    kept = re.sub(r"[^\w\s-]", "", text.lower())
    return re.sub(r"\s+", "-", kept.strip())


def _link_replacer(address: str) -> Replace:
    """Turn links between documents into links between pages of the help."""

    def replace_match(match: re.Match[str]) -> str:
        mark, text, target = match.groups()
        if mark and target.startswith("pictures/"):
            return f"![{text}]({address}{target})"
        name, _hash, anchor = target.partition("#")
        if not mark and re.fullmatch(r"[a-z0-9-]+\.md", name):
            anchor = f"#{anchor}" if anchor else ""
            return f"[{text}]({address}{name.removesuffix('.md')}/{anchor})"
        return match[0]

    return replace_match


def _heading_replacer(headings: list[Heading]) -> Replace:
    """Give each heading an id and note it; equal ones are numbered."""
    taken: dict[str, int] = {}

    def replace_match(match: re.Match[str]) -> str:
        text = html.unescape(_TAG.sub("", match[2]))
        base = heading_id(text)
        # Anchors must be unique on a page.
        taken[base] = taken.get(base, 0) + 1
        anchor = base if taken[base] == 1 else f"{base}-{taken[base]}"
        headings.append(Heading(int(match[1]), text, anchor))
        return f'<h{match[1]} id="{html.escape(anchor)}">{match[2]}</h{match[1]}>'

    return replace_match
