"""Mentions such as `@bo`: found in rendered comments, outside code and links."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from html import escape

from django.utils.safestring import SafeString, mark_safe

#: Of one comment; further ones stay plain words.
MAX_MENTIONS = 50
# An attribute can contain `>`, so quotes are part of a tag.
_TAG = re.compile(r"(<(?:[^<>\"']|\"[^\"]*\"|'[^']*')*>)")
_TAG_NAME = re.compile(r"<(/?)([a-z0-9]+)", re.IGNORECASE)
_MENTION = re.compile(r"(?<![\w@/.&;+-])@([\w.@+-]{1,150})")
#: A sentence can end after a mention.
_TRAILING = ".@+-"
_SKIPPED = frozenset({"a", "code", "pre"})


def find_mentions(html: str) -> list[str]:
    """Return the names after `@` in clean HTML, in lower case, each once."""
    names: dict[str, None] = {}
    for text, is_plain in _texts(html):
        if is_plain:
            for found in _MENTION.finditer(text):
                names.update(dict.fromkeys(_possible_names(found[1])))
    return list(names)[:MAX_MENTIONS]


def link_mentions(html: SafeString | str, hrefs: Mapping[str, str]) -> SafeString:
    """Return the clean HTML with links for the names that are keys of `hrefs`."""

    def link(found: re.Match[str]) -> str:
        for name in _possible_names(found[1]):
            if name in hrefs:
                shown, rest = found[1][: len(name)], found[1][len(name) :]
                return (
                    f'<a class="mention" href="{escape(hrefs[name])}">'
                    f"@{shown}</a>{rest}"
                )
        return found[0]

    return mark_safe("".join(_replaced(html, link)))  # noqa: S308


def _replaced(html: str, link: Callable[[re.Match[str]], str]) -> Iterator[str]:
    for text, is_plain in _texts(html):
        yield _MENTION.sub(link, text) if is_plain else text


def _texts(html: str) -> Iterator[tuple[str, bool]]:
    """Yield tags and texts in order; True for a text that can mention members."""
    depth = 0
    for part in _TAG.split(html):
        tag = _TAG_NAME.match(part)
        if tag is None:
            yield part, depth == 0
            continue
        if tag[2].lower() in _SKIPPED:
            depth += -1 if tag[1] else 1
        yield part, False


def _possible_names(name: str) -> Iterator[str]:
    """Yield the name, and without the signs at its end."""
    name = name.lower()
    yield name
    while name and name[-1] in _TRAILING:
        name = name[:-1]
        if name:
            yield name
