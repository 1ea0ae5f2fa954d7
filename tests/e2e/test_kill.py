"""A sample of `python -m tests.bench kill`."""

from pathlib import Path

import pytest

from tests.bench.reliability.kill import one_death
from tests.parts.postgres import fresh_database


@pytest.mark.sample(1)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nothing_acknowledged_is_lost_when_the_server_is_killed(
    tmp_path: Path, seed: int
) -> None:
    outcome = one_death(tmp_path / "home", seed)
    assert outcome.points > 0
    assert outcome.wrong == ()


def test_nothing_acknowledged_is_lost_on_postgresql(
    tmp_path: Path, postgres: str
) -> None:
    env = {"DATABASE_URL": fresh_database(postgres)}
    outcome = one_death(tmp_path / "home", 4, env=env)
    assert outcome.points > 0
    assert outcome.wrong == ()
