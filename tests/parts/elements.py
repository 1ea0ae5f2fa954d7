"""The elements of a page, as a parser sees them: found by a selector, told by text.

    one(page, "#run-title h1").text

A selector is a tag, `#id`, `.class`, `[attribute]` and `[attribute=value]` in any
combination; a blank means "somewhere inside".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

VOID = frozenset(
    "area base br col embed hr img input link meta source track wbr".split()
)
#: Their end tags can be left out; the next one of their kind ends them.
IMPLIED_END = frozenset(["li", "tr", "td", "th", "dt", "dd", "option", "p"])
#: The steps of a selector; values of attributes can have blanks.
_STEPS = re.compile(r"(?:\[[^\]]*\]|\S)+")
_STEP = re.compile(r"#[\w:-]+|\.[\w-]+|\[[^\]]+\]|^[\w-]+")


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    children: list[Element | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text of the element and of all inside, with single blanks."""
        return " ".join("".join(self._texts()).split())

    def _texts(self) -> Iterator[str]:
        for child in self.children:
            if isinstance(child, str):
                yield child
            else:
                yield from child._texts()

    def __getitem__(self, name: str) -> str:
        return self.attributes[name]

    def inside(self) -> Iterator[Element]:
        """Yield all elements inside, in their order."""
        for child in self.children:
            if isinstance(child, Element):
                yield child
                yield from child.inside()

    def all(self, selector: str) -> list[Element]:
        """Return the elements inside that the selector finds."""
        first, *more = _STEPS.findall(selector)
        found = [each for each in self.inside() if each.fits(first)]
        for step in more:
            inner = [
                deep for each in found for deep in each.inside() if deep.fits(step)
            ]
            found = list({id(each): each for each in inner}.values())
        return found

    def one(self, selector: str) -> Element:
        """Return the only element that the selector finds."""
        found = self.all(selector)
        assert len(found) == 1, f"{selector}: {len(found)} elements"
        return found[0]

    def fits(self, step: str) -> bool:
        return all(self._has(part) for part in _STEP.findall(step))

    def _has(self, part: str) -> bool:
        if part.startswith("#"):
            return self.attributes.get("id") == part[1:]
        if part.startswith("."):
            return part[1:] in self.attributes.get("class", "").split()
        if part.startswith("["):
            name, is_given, value = part[1:-1].partition("=")
            stored = self.attributes.get(name)
            return stored is not None and (not is_given or stored == value)
        return self.tag == part


class _Tree(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("", {})
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in IMPLIED_END and self._open[-1].tag == tag:
            self._open.pop()
        element = Element(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        # Within SVG such a tag ends its element; HTML's own ignore the slash.
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        if any(each.tag == tag for each in self._open):
            while self._open.pop().tag != tag:
                pass

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)


def parse_page(page: Any) -> Element:
    """Parse a response, or its text."""
    tree = _Tree()
    tree.feed(page if isinstance(page, str) else page.text)
    tree.close()
    return tree.root


def every(page: Any, selector: str) -> list[Element]:
    """Return the elements of a page that the selector finds."""
    return parse_page(page).all(selector)


def one(page: Any, selector: str) -> Element:
    """Return the only element of a page that the selector finds."""
    return parse_page(page).one(selector)


def texts(page: Any, selector: str) -> list[str]:
    """Return the texts of the elements that the selector finds."""
    return [each.text for each in every(page, selector)]


def hrefs(page: Any, selector: str = "a") -> list[str]:
    """Return where the links lead that the selector finds."""
    return [link["href"] for link in every(page, selector) if "href" in link.attributes]
