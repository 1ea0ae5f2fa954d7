"""A sample of `python -m tests.bench crash`: half of its kinds where time is short."""

from __future__ import annotations

from pathlib import Path

from tests.bench.reliability.crash import KINDS, Campaign, campaign
from tests.parts.postgres import environment_with, fresh_database


def test_no_crash_loses_what_was_acknowledged(
    tmp_path: Path, sample_seed: int | None
) -> None:
    found = Campaign(tmp_path, seed=sample_seed or 1)
    rounds = list(campaign(rounds_of(sample_seed), found))
    assert sum(one.points for one in rounds) > 0
    assert {one.kind: one.wrong for one in rounds if one.wrong} == {}


def test_no_crash_loses_what_was_acknowledged_on_postgresql(
    tmp_path: Path, postgres: str, sample_seed: int | None
) -> None:
    url = fresh_database(postgres)
    found = Campaign(
        tmp_path,
        sample_seed or 2,
        {"DATABASE_URL": url},
        other_env=lambda: {"DATABASE_URL": environment_with(url)},
    )
    rounds = list(campaign(rounds_of(sample_seed) // 2, found))
    assert {one.kind: one.wrong for one in rounds if one.wrong} == {}


def rounds_of(sample_seed: int | None) -> int:
    return len(KINDS) if sample_seed is None else len(KINDS) // 2
