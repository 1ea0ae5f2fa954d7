"""Markdown as safe HTML: the only way that a text of people becomes markup.

Markdown renders, bleach keeps what is on the list and shows the rest as text. Links
lead to http, https and mail; a picture from elsewhere becomes a link, since loading it
would tell its host who reads. The Content-Security-Policy is the second wall.
References to runs, files and metrics are made links last, over clean HTML.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from html import unescape
from types import MappingProxyType
from typing import Any
from xml.etree.ElementTree import Element

from bleach.html5lib_shim import Filter  # type: ignore[attr-defined]
from bleach.sanitizer import Cleaner
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from markdown import Markdown
from markdown.extensions import Extension
from markdown.extensions.footnotes import FootnoteExtension
from markdown.treeprocessors import Treeprocessor
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from runs.render.descriptions.references import (
    REFERENCE_SCHEMES,
    Reference,
    ReferenceLinks,
    ReferenceTarget,
    canonical_reference,
    references_in_html,
    replace_references,
)
from runs.render.files import highlight

TAGS = frozenset(
    "p br hr h1 h2 h3 h4 h5 h6 ul ol li strong em b i del s sub sup code pre kbd "
    "blockquote a img table thead tbody tr th td dl dt dd div".split()
)
PROTOCOLS = frozenset({"http", "https", "mailto"})
EXTENSIONS = ("fenced_code", "tables", "sane_lists", "def_list")
NO_TARGETS: Mapping[Reference, ReferenceTarget] = MappingProxyType({})

#: A page's card has the heading of level 2; the text's own stand below it.
TOP_HEADING_LEVEL = 3
_HEADING = re.compile(r"<(/?)h([1-6])>")
#: A path of this server. No backslash, no space, no control character: browsers read
#: `/\host` and `/<tab>/host` as another host.
_OWN_PICTURE = re.compile(r"/(?:w|help/pictures)/[\w\-.~%/@+,=&?:]*", re.ASCII)
#: Nested quotes cost time with their depth; fifty levels are an attack.
_TOO_DEEP = re.compile(r"^(?:[ \t]*>){50}", re.MULTILINE)
#: For each opening bracket Markdown walks the rest of the block.
_MAX_BRACKET_COST = 4_000_000
_BLANK_LINE = re.compile(r"\n[ \t]*\n")
_FOOTNOTE = re.compile(r"fn(?:ref\d*)?:[\w-]{1,40}")
_LANGUAGE = re.compile(r"language-[\w+#.-]{1,30}")

Token = dict[str, Any]
HREF, SRC, ALT = (None, "href"), (None, "src"), (None, "alt")


def _is_footnote(_tag: str, name: str, value: str) -> bool:
    """Footnotes point to each other by id; no other id may come from a text."""
    return name == "id" and bool(_FOOTNOTE.fullmatch(value))


ATTRIBUTES: Any = {
    "a": ["href", "title"],
    "img": ["src", "alt", "title"],
    "ol": ["start"],
    "sup": _is_footnote,
    "li": lambda tag, name, value: (
        _is_footnote(tag, name, value) or (name, value) == ("class", "task")
    ),
    "code": lambda _tag, name, value: (
        name == "class" and bool(_LANGUAGE.fullmatch(value))
    ),
}


class _LinkFilter(Filter):  # type: ignore[misc]
    """External pictures become links; links send no referrer.

    References keep nothing but themselves, in the form that `references` knows.
    """

    def __iter__(self) -> Iterator[Token]:
        for token in super().__iter__():
            if token.get("name") == "a" and token["type"] == "StartTag":
                _clean_link(token)
            if token.get("name") == "img":
                yield from _render_image(token)
            else:
                yield token


def _clean_link(token: Token) -> None:
    data = token["data"]
    live = canonical_reference(data.get(HREF, ""))
    if live:
        # Titles and other attributes of a reference could contradict what it points to.
        data.clear()
        data[HREF] = live
    elif not data.get(HREF, "").startswith("#"):
        data[(None, "rel")] = "nofollow noopener noreferrer"


def _render_image(token: Token) -> Iterator[Token]:
    live = canonical_reference(token["data"].get(SRC, ""))
    if live.startswith("file:"):
        alt = token["data"].get(ALT, "")
        yield {**token, "data": {SRC: live, ALT: alt}}
    elif _is_own_picture(token):
        yield token
    else:
        yield from _picture_as_link(token)


def _is_own_picture(token: Token) -> bool:
    return bool(_OWN_PICTURE.fullmatch(token["data"].get(SRC, "")))


def _picture_as_link(token: Token) -> Iterator[Token]:
    source = token["data"].get(SRC, "")
    text = {"type": "Characters", "data": token["data"].get(ALT) or source or "image"}
    # A relative address means nothing here, so its words are all that is left.
    if not re.match(r"https?://", source, re.IGNORECASE):
        yield text
        return
    rel = {HREF: source, (None, "rel"): "nofollow noopener noreferrer"}
    yield {"type": "StartTag", "name": "a", "namespace": None, "data": rel}
    yield text
    yield {"type": "EndTag", "name": "a", "namespace": None, "data": {}}


def render_markdown(
    text: str, targets: Mapping[Reference, ReferenceTarget] = NO_TARGETS
) -> SafeString:
    """`text`, which is Markdown, as HTML that is safe to show.

    `targets` are what `references` found; a reference without one is plain words.
    """
    # The cached part needs no database; what references point to changes with other
    # runs.
    html = replace_references(_render_clean_html(text, get_language()), targets)
    return mark_safe(html)  # noqa: S308  # bleach cleaned it


def find_references(text: str) -> list[Reference]:
    """What the text names of this server's runs, files and metrics."""
    return references_in_html(_render_clean_html(text, get_language()))


@lru_cache(maxsize=256)
def _render_clean_html(text: str, _language: str | None) -> str:
    """Clean HTML with references still to be replaced; its few words are translated."""
    # A member could otherwise keep the server busy with one description.
    if _is_too_slow_to_render(text):
        return preformatted(text)
    back = _("Back to footnote {}")
    extensions: list[str | Extension] = [
        *EXTENSIONS,
        ReferenceLinks(),
        TaskLists(),
        FootnoteExtension(BACKLINK_TITLE=back),
    ]
    try:
        html = Markdown(extensions=extensions, output_format="html").convert(text)
        # Not shared between requests: bleach's cleaner is not thread-safe.
        cleaner = Cleaner(
            tags=TAGS,
            attributes=ATTRIBUTES,
            protocols=PROTOCOLS | REFERENCE_SCHEMES,
            filters=[_LinkFilter],
        )
        return highlight_code(_lower_headings(cleaner.clean(html)))
    # Deeply nested lists and quotes exceed Python's depth of recursion.
    except RecursionError:
        return preformatted(text)


def _lower_headings(html: str) -> str:
    """Map the heading levels of the text to consecutive ones from TOP_HEADING_LEVEL.

    In clean HTML, whatever looks like a heading is one: text has no bare `<`.
    """
    used = sorted({level for _slash, level in _HEADING.findall(html)})
    return _HEADING.sub(
        lambda tag: f"<{tag[1]}h{min(TOP_HEADING_LEVEL + used.index(tag[2]), 6)}>", html
    )


def _is_too_slow_to_render(text: str) -> bool:
    """Whether rendering would take many seconds, as no text that is meant does."""
    walked = sum(len(b) * b.count("[") for b in _BLANK_LINE.split(text))
    return walked > _MAX_BRACKET_COST or bool(_TOO_DEEP.search(text))


def preformatted(text: str) -> SafeString:
    """`text` unchanged, in its own block."""
    return mark_safe(f"<pre>{escape(text)}</pre>")  # noqa: S308  # escaped


#: A longer text is shown plain.
MAX_HIGHLIGHTED_CHARS = 20_000
_TASK = re.compile(r"\s*\[([ xX])\]\s+(?=\S)")
_CODE = re.compile(r'<code class="language-([\w+#.-]+)">(.*?)</code>', re.DOTALL)


class _TaskListExtension(Treeprocessor):
    def run(self, root: Element) -> None:
        for item in root.iter("li"):
            # A loose list's item holds a paragraph.
            holder = item if (item.text or "").strip() or not len(item) else item[0]
            found = _TASK.match(holder.text or "")
            if found and holder.tag in ("li", "p"):
                box = "☐" if found[1] == " " else "☑"
                holder.text = f"{box} {(holder.text or '')[found.end() :]}"
                item.set("class", "task")


class TaskLists(Extension):
    """For `Markdown`: `- [ ] to do`, `- [x] done`."""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802
        # Before inline patterns (20), which would see links in the brackets.
        md.treeprocessors.register(_TaskListExtension(md), "tasks", 25)


def highlight_code(html: str) -> str:
    """Cleaned HTML whose code in a known language has its words marked."""
    return _CODE.sub(_highlight_block, html)


def _highlight_block(found: re.Match[str]) -> str:
    # The text is HTML already, and the highlighter would escape it a second time.
    text = unescape(found[2])
    try:
        lexer = get_lexer_by_name(found[1], stripnl=False, ensurenl=False)
    except ClassNotFound:
        return f"<code>{found[2]}</code>"
    if len(text) > MAX_HIGHLIGHTED_CHARS:
        return f"<code>{found[2]}</code>"
    return f"<code>{highlight(lexer, text)}</code>"
