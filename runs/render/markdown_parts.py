"""Task lists and coloured code in Markdown."""

from __future__ import annotations

import re
from html import unescape
from xml.etree.ElementTree import Element

from django.utils.html import escape
from markdown import Markdown
from markdown.extensions import Extension
from markdown.treeprocessors import Treeprocessor
from pygments.lexers import get_lexer_by_name
from pygments.token import Token, _TokenType, is_token_subtype
from pygments.util import ClassNotFound

#: A longer text is shown plain.
LONGEST = 20_000
_TASK = re.compile(r"\s*\[([ xX])\]\s+(?=\S)")
_CODE = re.compile(r'<code class="language-([\w+#.-]+)">(.*?)</code>', re.DOTALL)
#: The first that a token belongs to counts.
_MARKS: tuple[tuple[_TokenType, str], ...] = (
    (Token.Comment, "note"),
    (Token.Literal.String, "text"),
    (Token.Literal.Number, "value"),
    (Token.Keyword, "word"),
    (Token.Operator.Word, "word"),
    (Token.Name.Tag, "word"),
    (Token.Name.Function, "called"),
    (Token.Name.Class, "called"),
    (Token.Name.Decorator, "called"),
)


class _Tasks(Treeprocessor):
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
        md.treeprocessors.register(_Tasks(md), "tasks", 25)


def coloured(html: str) -> str:
    """Cleaned HTML whose code in a known language has its words marked."""
    return _CODE.sub(_coloured, html)


def _coloured(found: re.Match[str]) -> str:
    text = unescape(found[2])
    try:
        lexer = get_lexer_by_name(found[1], stripnl=False, ensurenl=False)
    except ClassNotFound:
        return f"<code>{found[2]}</code>"
    if len(text) > LONGEST:
        return f"<code>{found[2]}</code>"
    parts = (_marked(kind, part) for kind, part in lexer.get_tokens(text))
    return f"<code>{''.join(parts)}</code>"


def _marked(kind: _TokenType, text: str) -> str:
    html = str(escape(text))
    for family, name in _MARKS:
        if is_token_subtype(kind, family) and text.strip():
            return f'<span class="{name}">{html}</span>'
    return html
