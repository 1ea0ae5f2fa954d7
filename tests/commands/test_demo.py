"""`--demo`: what is said of its end."""

from __future__ import annotations

from pathlib import Path

from runs.management import demo


def test_the_end_of_the_demo_mentions_the_intended_failure(tmp_path: Path) -> None:
    assert "fails on purpose" in demo.end_message(0, tmp_path)
    assert str(tmp_path / "agent.log") in demo.end_message(1, tmp_path)
