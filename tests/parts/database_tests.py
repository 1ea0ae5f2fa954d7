"""Choose the tests that touch the database: all, or a sample of some packages."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

TESTS = Path(__file__).parent.parent
#: Their tests are about SQL; each of them runs.
SQL_PACKAGES = ("access", "actions", "delivery", "search", "storage")
#: One in this number of the other packages' tests runs.
SAMPLE_SHARE = 10


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("databases")
    group.addoption(
        "--database-tests",
        choices=("all", "sample"),
        help="run only tests that touch the database: all, or those of "
        f"{', '.join(SQL_PACKAGES)} and one in {SAMPLE_SHARE} of the rest",
    )
    group.addoption("--sample-seed", type=int, default=0)


def pytest_report_header(config: pytest.Config) -> str | None:
    if config.option.database_tests != "sample":
        return None
    seed = config.option.sample_seed
    return f"one in {SAMPLE_SHARE} of other packages: --sample-seed={seed}"


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    wanted = config.option.database_tests
    if not wanted:
        return
    seed = config.option.sample_seed
    chosen = [
        item
        for item in items
        if touches_database(item)
        and (wanted == "all" or is_about_sql(item) or is_sampled(item, seed))
    ]
    kept = set(chosen)
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = chosen


def touches_database(item: pytest.Item) -> bool:
    """Whether the test asks for the database of this process.

    Servers that tests start have databases of their own.
    """
    fixtures = getattr(item, "fixturenames", ())
    return "django_db_setup" in fixtures or bool(item.get_closest_marker("django_db"))


def is_about_sql(item: pytest.Item) -> bool:
    return item.path.relative_to(TESTS).parts[0] in SQL_PACKAGES


def is_sampled(item: pytest.Item, seed: int) -> bool:
    """Whether the sample of this seed has the test, whatever else is collected."""
    return random.Random(f"{seed} {item.nodeid}").randrange(SAMPLE_SHARE) == 0
