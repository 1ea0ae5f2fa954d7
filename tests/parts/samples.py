"""Choose the tests of a run: a sample of long ones, and those of the database.

`--sample-seed=N` keeps a few cases of each test that is marked `sample`, and a share of
the tests in the files of `SHARES`; without it, all of them run.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path

import pytest

TESTS = Path(__file__).parent.parent
#: Their tests are about SQL; each of them runs, or the share of `DATABASE_SHARES`.
SQL_PACKAGES = ("access", "actions", "delivery", "search", "storage")
#: Files of these packages that are about requests: which of them are let in is the same
#: on each database.
REQUEST_FILES = tuple(
    TESTS / "access" / f"test_{name}.py"
    for name in (
        *("attacks", "every_url", "middleware"),
        *("path_attacks", "path_fields", "scoped_tokens"),
    )
)
#: One in this number of the other packages' tests runs.
SAMPLE_SHARE = 10
#: Files of other packages that are about SQL.
SQL_FILES = (TESTS / "api" / "mlflow" / "test_mlflow_registry_search.py",)

#: With `--sample-seed`, one in this number of the file's or folder's tests runs. They
#: start servers, scripts, clients or containers, or they are many.
SHARES = {
    "access/test_every_url.py": 3,
    "access/test_path_attacks.py": 2,
    "agent": 8,
    "api": 4,
    "backup": 8,
    "capture": 2,
    "cli": 3,
    "commands": 8,
    "delivery": 3,
    "e2e": 7,
    "pages": 3,
    "runner": 3,
    "search": 3,
    "sdk": 2,
    "sdk/names/test_snippets.py": 3,
    "sdk/process": 3,
    "sdk/test_documentation_page.py": 3,
    "sdk/test_examples.py": 3,
    "sdk/test_kernels.py": 3,
    "sdk/test_offline.py": 3,
    "upgrades": 4,
    "web": 4,
}
#: The same on the other database: there are too many tests about SQL to run all twice.
DATABASE_SHARES = {"access": 3, "actions": 2, "search": 2}


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("databases")
    group.addoption(
        "--database-tests",
        choices=("all", "sample"),
        help="run only tests that touch the database: all, or those of "
        f"{', '.join(SQL_PACKAGES)} and one in {SAMPLE_SHARE} of the rest",
    )
    group.addoption(
        "--sample-seed",
        type=int,
        help="run only a few cases of long tests; this number decides which",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "sample(count, group=None): with --sample-seed, this number of its cases run, "
        "or of all tests of the group",
    )


def pytest_report_header(config: pytest.Config) -> str | None:
    seed = config.option.sample_seed
    return None if seed is None else f"sample of long tests: --sample-seed={seed}"


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    options = config.option
    chosen = items
    if options.database_tests:
        seed = options.sample_seed or 0
        chosen = [
            item
            for item in items
            if touches_database(item)
            and (
                options.database_tests == "all"
                or is_about_sql(item)
                or is_sampled(item, seed)
            )
        ]
    if options.sample_seed is not None:
        chosen = sample_cases(chosen, options.sample_seed)
        shares = DATABASE_SHARES if options.database_tests else SHARES
        chosen = sample_files(chosen, options.sample_seed, shares)
    kept = set(chosen)
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = chosen


def sample_cases(items: list[pytest.Item], seed: int) -> list[pytest.Item]:
    """Keep as many cases of each marked test, or group of tests, as its mark says."""
    cases: dict[str, list[pytest.Item]] = {}
    for item in items:
        mark = item.get_closest_marker("sample")
        if mark is not None:
            name = mark.kwargs.get("group") or item.nodeid.partition("[")[0]
            cases.setdefault(name, []).append(item)
    dropped: set[pytest.Item] = set()
    for name, found in cases.items():
        mark = found[0].get_closest_marker("sample")
        assert mark is not None
        shuffled = random.Random(f"{seed} {name}").sample(found, len(found))
        dropped.update(shuffled[mark.args[0] :])
    return [item for item in items if item not in dropped]


def sample_files(
    items: list[pytest.Item], seed: int, shares: Mapping[str, int]
) -> list[pytest.Item]:
    """Keep every nth test of each file or folder of `shares`, and all other tests.

    Over n seeds in a row each test runs once.
    """
    by_name: dict[str, list[pytest.Item]] = {}
    for item in items:
        name = name_of_share(item.path.relative_to(TESTS), shares)
        if name is not None:
            by_name.setdefault(name, []).append(item)
    dropped: set[pytest.Item] = set()
    for name, found in by_name.items():
        step = min(shares[name], len(found))
        dropped.update(set(found) - set(found[seed % step :: step]))
    return [item for item in items if item not in dropped]


def name_of_share(path: Path, shares: Mapping[str, int]) -> str | None:
    """The file or folder of `shares` that counts for the file."""
    names = (str(path), *map(str, path.parents))
    return next((name for name in names if name in shares), None)


@pytest.fixture
def sample_seed(request: pytest.FixtureRequest) -> int | None:
    """The number that decides what a sample has; None where everything runs."""
    seed: int | None = request.config.option.sample_seed
    return seed


def touches_database(item: pytest.Item) -> bool:
    """Whether the test asks for the database of this process.

    Servers that tests start have databases of their own.
    """
    fixtures = getattr(item, "fixturenames", ())
    return "django_db_setup" in fixtures or bool(item.get_closest_marker("django_db"))


def is_about_sql(item: pytest.Item) -> bool:
    package = item.path.relative_to(TESTS).parts[0]
    return item.path in SQL_FILES or (
        package in SQL_PACKAGES and item.path not in REQUEST_FILES
    )


def is_sampled(item: pytest.Item, seed: int) -> bool:
    """Whether the sample of this seed has the test, whatever else is collected."""
    return random.Random(f"{seed} {item.nodeid}").randrange(SAMPLE_SHARE) == 0
