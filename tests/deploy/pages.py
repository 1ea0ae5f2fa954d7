"""The files that pages of the help show: a test uses each as it is written."""

from __future__ import annotations

import re

from tests.parts.clients import ROOT


def code_block(page: str, language: str) -> str:
    """The first block of this language on a page of docs/user."""
    text = (ROOT / "docs/user" / f"{page}.md").read_text()
    found = re.search(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert found, f"{page}.md has no {language} block"
    return found[1]


def replaced(text: str, changes: dict[str, str]) -> str:
    for old, new in changes.items():
        assert old in text, f"{old!r} is not in the page"
        text = text.replace(old, new)
    return text
