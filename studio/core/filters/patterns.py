"""LIKE patterns: `%` is any text, `_` one character, nothing escapes them."""

from __future__ import annotations

import re
from functools import lru_cache


@lru_cache(maxsize=256)
def _compile_like(like: str) -> re.Pattern[str]:
    parts = {"%": ".*", "_": "."}
    body = "".join(parts.get(char) or re.escape(char) for char in like)
    return re.compile(body, re.DOTALL)


def like_matches(text: str, like: str) -> bool:
    """Whether the whole text fits the pattern; case counts."""
    return _compile_like(like).fullmatch(text) is not None
