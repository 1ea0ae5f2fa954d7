"""JSON documents as trees that open and close, with a limited number of nodes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import ngettext

from runs.render.formats import grouped

#: Nodes on the page, children of one node, and levels.
MAX_NODES, MAX_CHILDREN, MAX_DEPTH = 3000, 200, 50
MAX_VALUE_CHARS = 500
#: Levels that stand open at first, while the document has few nodes.
OPEN_LEVELS = 2


def json_tree(document: object) -> SafeString:
    """Return nested lists with `details` elements for objects and arrays."""
    # A stack instead of recursion: documents can be nested deeper than Python calls.
    html = ['<ul class="json-tree">']
    levels: list[Iterator[tuple[str, object]]] = [iter([("", document)])]
    nodes = 0
    while levels:
        entry = next(levels[-1], None)
        if entry is None:
            levels.pop()
            html.append("</ul></details></li>" if levels else "</ul>")
            continue
        name, value = entry
        nodes += 1
        if not isinstance(value, dict | list) or not value:
            html.append(_leaf(name, value))
        elif len(levels) > MAX_DEPTH or nodes > MAX_NODES:
            html.append(_leaf(name, value, is_cut=True))
        else:
            html.append(_opening(name, value, is_open=len(levels) <= OPEN_LEVELS))
            levels.append(_children(value))
    # Each part is escaped by `format_html`.
    return mark_safe("".join(html))  # noqa: S308


def _children(value: dict[str, object] | list[object]) -> Iterator[tuple[str, object]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for name, child in islice(pairs, MAX_CHILDREN):
        yield str(name), child
    left = len(value) - MAX_CHILDREN
    if left > 0:
        words = ngettext("%(n)s more value", "%(n)s more values", left)
        yield "…", _Omitted(words % {"n": grouped(left)})


class _Omitted(str):
    """Words of the page among the values of the document."""

    __slots__ = ()


def _opening(
    name: str, value: dict[str, object] | list[object], *, is_open: bool
) -> SafeString:
    signs = "{}" if isinstance(value, dict) else "[]"
    return format_html(
        '<li><details{}><summary>{}<span class="quiet">{}{}{}</span></summary><ul>',
        mark_safe(" open") if is_open else "",
        _name(name),
        signs[0],
        grouped(len(value)),
        signs[1],
    )


def _leaf(name: str, value: object, *, is_cut: bool = False) -> SafeString:
    if isinstance(value, _Omitted):
        return format_html('<li class="quiet">{} {}</li>', name, value)
    # A part that is cut off can be nested too deep to be written.
    text = "…" if is_cut else json.dumps(value, ensure_ascii=False)
    if len(text) > MAX_VALUE_CHARS:
        text = f"{text[:MAX_VALUE_CHARS]}…"
    kind = "text" if isinstance(value, str) else "value"
    return format_html('<li>{}<span class="{}">{}</span></li>', _name(name), kind, text)


def _name(name: str) -> SafeString:
    return (
        format_html('<span class="called">{}</span> ', name) if name else SafeString()
    )
