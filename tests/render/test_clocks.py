"""The clocks of a page write durations as the server does; see tests/js."""

from __future__ import annotations

import json
from pathlib import Path

from runs.render.formats import duration, exact_duration, span_patterns

WRITTEN = json.loads(
    (Path(__file__).parents[1] / "js/durations.json").read_text(encoding="utf-8")
)


def test_durations_are_formatted_as_in_javascript() -> None:
    lengths = [length for length, _, _ in WRITTEN["lengths"]]
    written = [[each, duration(each), exact_duration(each)] for each in lengths]
    assert written == WRITTEN["lengths"]
    assert json.loads(span_patterns()) == WRITTEN["patterns"]
