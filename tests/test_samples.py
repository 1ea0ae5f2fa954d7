"""Which tests a sample runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.parts.samples import (
    DATABASE_SHARES,
    SHARES,
    TESTS,
    name_of_share,
    sample_files,
)


@pytest.mark.parametrize("name", [*SHARES, *DATABASE_SHARES])
def test_each_share_is_of_a_file_or_folder(name: str) -> None:
    assert (TESTS / name).exists()


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("runner/test_stops.py", "runner"),
        ("e2e/submit/test_submit_run.py", "e2e"),
        ("sdk/names/test_snippets.py", "sdk/names/test_snippets.py"),
        ("storage/test_metrics.py", None),
    ],
)
def test_a_share_is_that_of_the_file_or_its_folder(path: str, name: str | None) -> None:
    assert name_of_share(Path(path), SHARES) == name


class Case(pytest.Item):
    def runtest(self) -> None:
        """Only its path counts here."""


def cases(parent: pytest.Collector, count: int, *paths: str) -> list[pytest.Item]:
    return [
        Case.from_parent(parent, name=str(n), path=TESTS / path)
        for path in paths
        for n in range(count)
    ]


def test_a_folder_keeps_its_share_and_each_test_has_its_turn(
    request: pytest.FixtureRequest,
) -> None:
    share = SHARES["backup"]
    found = cases(request.node.parent, 9, "backup/a.py", "backup/b.py")
    kept = [item for seed in range(share) for item in sample_files(found, seed, SHARES)]
    assert sorted(kept, key=found.index) == found
    assert {len(sample_files(found, seed, SHARES)) for seed in range(share)} == {2, 3}
    few = found[:3]
    assert [len(sample_files(few, seed, SHARES)) for seed in range(share)] == [
        1
    ] * share


def test_files_without_a_share_are_whole(request: pytest.FixtureRequest) -> None:
    found = cases(request.node.parent, 3, "storage/test_metrics.py")
    assert sample_files(found, 1, SHARES) == found
