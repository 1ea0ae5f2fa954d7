"""Which tests a sample runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.parts.samples import SHARES, TESTS, sample_files, share_of


@pytest.mark.parametrize("name", SHARES)
def test_each_share_is_of_a_file_or_folder(name: str) -> None:
    assert (TESTS / name).exists()


@pytest.mark.parametrize(
    ("path", "share"),
    [
        ("runner/test_stops.py", 3),
        ("e2e/submit/test_submit_run.py", 7),
        ("sdk/names/test_snippets.py", 3),
        ("storage/test_metrics.py", 1),
    ],
)
def test_a_share_is_that_of_the_file_or_its_folder(path: str, share: int) -> None:
    assert share_of(Path(path)) == share


def test_each_file_keeps_its_share_and_each_test_has_its_turn(
    request: pytest.FixtureRequest,
) -> None:
    class Case(pytest.Item):
        def runtest(self) -> None:
            """Only its path counts here."""

    cases = [
        Case.from_parent(request.node.parent, name=str(n), path=TESTS / "backup/a.py")
        for n in range(9)
    ]
    kept = [sample_files(list(cases), seed) for seed in range(40)]
    assert {len(each) for each in kept} == {2}
    assert {item for each in kept for item in each} == set(cases)
