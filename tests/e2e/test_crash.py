"""A sample of `python -m tests.bench crash`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.reliability.crash import KINDS, Campaign, campaign
from tests.parts.postgres import environment_with, fresh_database


def test_no_crash_loses_what_was_acknowledged(tmp_path: Path) -> None:
    rounds = list(campaign(len(KINDS), Campaign(tmp_path, seed=1)))
    assert sum(one.points for one in rounds) > 0
    assert {one.kind: one.wrong for one in rounds if one.wrong} == {}


@pytest.mark.parametrize("seed", [2])
def test_no_crash_loses_what_was_acknowledged_on_postgresql(
    tmp_path: Path, postgres: str, seed: int
) -> None:
    url = fresh_database(postgres)
    found = Campaign(
        tmp_path,
        seed,
        {"DATABASE_URL": url},
        other_env=lambda: {"DATABASE_URL": environment_with(url)},
    )
    rounds = list(campaign(4, found))
    assert {one.kind: one.wrong for one in rounds if one.wrong} == {}
