"""The search box offers the runs that a typed word finds."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.parts.elements import every

pytestmark = pytest.mark.django_db
COMPLETE = "/w/default/list/complete/"


def offered(visitor: Client, text: str, **more: str) -> list[str]:
    page = visitor.get(COMPLETE, {"text": text, "at": str(len(text)), **more})
    return [each["data-href"] for each in every(page, "[data-href]")]


def test_runs_with_the_word_are_offered(visitor: Client, log: Any) -> None:
    log("quiet-lemon", tags={"team": "a"})
    log("other")
    assert offered(visitor, "lem") == ["/w/default/runs/quiet-lemon/"]
    assert offered(visitor, "tags.team = a lemon") == ["/w/default/runs/quiet-lemon/"]
    # Too short, part of another term, or of runs that the rest leaves out.
    for text in ("le", "name:lemon", "metrics.lemon", "tags.team = b lemon"):
        assert offered(visitor, text) == [], text
