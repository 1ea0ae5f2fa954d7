"""All kinds of previews. The first one that matches a file and can show it does."""

from __future__ import annotations

from runs.pages.previews.html_page import HTML_PAGE
from runs.pages.previews.image import IMAGE
from runs.pages.previews.kind import PreviewKind
from runs.pages.previews.markdown import MARKDOWN
from runs.pages.previews.table import TABLE
from runs.pages.previews.text import JSON, TEXT

KINDS: tuple[PreviewKind, ...] = (
    IMAGE,
    TABLE,
    MARKDOWN,
    JSON,
    TEXT,
    HTML_PAGE,
)
