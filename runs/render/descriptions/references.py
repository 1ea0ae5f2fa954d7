"""References in Markdown to what lies here: `run:`, `file:`, `metric:`.

Written bare (`run:abc`, `metric:"val acc"`), as a link (`[best](run:abc)`) or as a
picture (`![plot](file:plots/a.png)`). `metric:` and `file:` mean the described run, or
with `@run-id` behind them another one; `#L12` is a line of a file. Cleaned HTML holds
them as links whose address is the reference itself; `replaced` puts what they point to
in their place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape
from urllib.parse import quote, unquote
from xml.etree.ElementTree import Element

from django.utils.html import escape
from django.utils.translation import pgettext
from markdown import Markdown
from markdown.extensions import Extension
from markdown.inlinepatterns import InlineProcessor

RUN_REFERENCE, FILE_REFERENCE, METRIC_REFERENCE = "run", "file", "metric"
REFERENCE_SCHEMES = frozenset({RUN_REFERENCE, FILE_REFERENCE, METRIC_REFERENCE})
#: Of each kind, in one text; further ones stay as they were written.
MAX_REFERENCES = 100

_SCHEME = re.compile(r"(run|file|metric):(.+)", re.IGNORECASE | re.DOTALL)
_IGNORED = re.compile(r"^[\x00-\x20]+|[\x00-\x1f\x7f]+| +$")
_BARE_REFERENCE = (
    r"(?<![\w/:.@\-])(run|file|metric):"
    r"(?:\"([^\"\n\x02\x03]+)\"|([^\s<>\"'`()\[\]{},;|*\x02\x03]+))"
)
_UNQUOTED_NAME = re.compile(r"[^\s<>\"'`()\[\]{},;|*\x02\x03]+")
_LINK = re.compile(r'<a href="((?:run|file|metric):[^"]*)">(.*?)</a>', re.DOTALL)
_PICTURE = re.compile(r'<img src="(file:[^"]*)" alt="([^"]*)">')
_LINE = re.compile(r"(.+)#L(\d{1,9})(?:-L?\d{1,9})?")


@dataclass(frozen=True)
class Reference:
    """`named` is all that stands behind the colon."""

    kind: str
    named: str

    @property
    def name_and_run(self) -> tuple[str, str]:
        """The name and the run after `@`; without `@` no run."""
        name, at, run = self.named.rpartition("@")
        return (name, run) if at else (self.named, "")

    def split_line_number(self) -> tuple[Reference, str]:
        """The file without its line, and the line; empty where none is named."""
        name, run = self.name_and_run
        found = _LINE.fullmatch(name)
        if not found:
            return self, ""
        rest = f"{found[1]}@{run}" if run else found[1]
        return Reference(self.kind, rest), found[2]


@dataclass(frozen=True)
class ReferenceTarget:
    """What a reference is shown as: `text` where it stands bare, `value` behind it.

    A file that a browser shows as a picture has the `picture`'s address. What has no
    `href` is told and leads nowhere.
    """

    href: str
    text: str
    value: str = ""
    title: str = ""
    picture: str = ""


class _BareReferenceProcessor(InlineProcessor):
    # A link within a link is no legal HTML.
    ANCESTOR_EXCLUDES = ("a",)

    def handleMatch(  # type: ignore[override]  # noqa: N802
        self, found: re.Match[str], _data: str
    ) -> tuple[Element, int, int]:
        named, end = found[2], found.end(0)
        if named is None:
            # A sentence can end behind a reference, and its full stop is not part of
            # the name.
            named = found[3].rstrip(".:!?") or found[3]
            end -= len(found[3]) - len(named)
        link = Element("a", {"href": f"{found[1]}:{quote(named, safe='/@#')}"})
        link.text = found.string[found.start(0) : end]
        return link, found.start(0), end


class ReferenceLinks(Extension):
    """For `Markdown`: bare references become links."""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802
        # After code and links, before emphasis, which would eat underscores.
        md.inlinePatterns.register(
            _BareReferenceProcessor(_BARE_REFERENCE, md), "live", 75
        )


def write_reference(kind: str, named: str) -> str:
    """How a text names it so that it is read as that: quoted where it must be."""
    plain = _UNQUOTED_NAME.fullmatch(named) and named[-1] not in ".:!?"
    if plain or '"' not in named:
        return f"{kind}:{named}" if plain else f'{kind}:"{named}"'
    return f"[{named}](<{kind}:{quote(named, safe='/@#')}>)"


def canonical_reference(address: str) -> str:
    """The reference that an address is, as browsers would read it; else empty.

    They leave out control characters, and take no notice of case.
    """
    found = _SCHEME.fullmatch(_IGNORED.sub("", unescape(address)))
    if not found:
        return ""
    return f"{found[1].lower()}:{quote(unquote(found[2]), safe='/@#')}"


def references_in_html(html: str) -> list[Reference]:
    """Find the references in clean HTML: each once, MAX_REFERENCES of a kind."""
    found = [m[1] for pattern in (_LINK, _PICTURE) for m in pattern.finditer(html)]
    counts = dict.fromkeys(REFERENCE_SCHEMES, 0)
    kept = []
    for each in dict.fromkeys(_parse_reference(address) for address in found):
        counts[each.kind] += 1
        if counts[each.kind] <= MAX_REFERENCES:
            kept.append(each)
    return kept


def _parse_reference(address: str) -> Reference:
    kind, _colon, named = unescape(address).partition(":")
    return Reference(kind, unquote(named))


def replace_references(html: str, targets: Mapping[Reference, ReferenceTarget]) -> str:
    """Cleaned HTML with every reference as what it points to, or as plain words."""

    def replace_link(match: re.Match[str]) -> str:
        return _render_link(_parse_reference(match[1]), match[2], targets)

    def replace_picture(match: re.Match[str]) -> str:
        return _render_image(_parse_reference(match[1]), match[2], targets)

    # Pictures first, because a picture can be the text of a link.
    return _LINK.sub(replace_link, _PICTURE.sub(replace_picture, html))


def _render_link(
    reference: Reference, inner: str, targets: Mapping[Reference, ReferenceTarget]
) -> str:
    target = targets.get(reference)
    is_bare = inner.startswith(f"{reference.kind}:")
    if target is None:
        # Bare words such as `run:fast` are often no reference at all, so they stay
        # plain.
        return inner if is_bare else _broken_reference(reference, inner)
    words = escape(target.text) if is_bare else inner
    value = f" <b>{escape(target.value)}</b>" if target.value else ""
    title = f' title="{escape(target.title)}"' if target.title else ""
    if not target.href:
        return f"<span{title}>{words}{value}</span>"
    return f'<a href="{escape(target.href)}"{title}>{words}{value}</a>'


def _broken_reference(reference: Reference, inner: str) -> str:
    said = pgettext("reference in a description", "%(kind)s:%(named)s was not found.")
    title = said % {"kind": reference.kind, "named": reference.named}
    return f'<s title="{escape(title)}">{inner}</s>'


def _render_image(
    reference: Reference, alt: str, targets: Mapping[Reference, ReferenceTarget]
) -> str:
    target = targets.get(reference)
    words = alt or escape(reference.named)
    if target is None:
        return _broken_reference(reference, words)
    if not target.picture:
        return f'<a href="{escape(target.href)}">{words}</a>'
    return f'<img src="{escape(target.picture)}" alt="{words}" loading="lazy">'
