"""Task lists and colored code in Markdown."""

from __future__ import annotations

import re
from html import unescape
from xml.etree.ElementTree import Element

from markdown import Markdown
from markdown.extensions import Extension
from markdown.treeprocessors import Treeprocessor
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from runs.render.files.code import highlight

#: A longer text is shown plain.
MAX_HIGHLIGHTED_CHARS = 20_000
_TASK = re.compile(r"\s*\[([ xX])\]\s+(?=\S)")
_CODE = re.compile(r'<code class="language-([\w+#.-]+)">(.*?)</code>', re.DOTALL)


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


def highlight_code(html: str) -> str:
    """Cleaned HTML whose code in a known language has its words marked."""
    return _CODE.sub(_highlight_block, html)


def _highlight_block(found: re.Match[str]) -> str:
    text = unescape(found[2])
    try:
        lexer = get_lexer_by_name(found[1], stripnl=False, ensurenl=False)
    except ClassNotFound:
        return f"<code>{found[2]}</code>"
    if len(text) > MAX_HIGHLIGHTED_CHARS:
        return f"<code>{found[2]}</code>"
    return f"<code>{highlight(lexer, text)}</code>"
