"""The way of a list's GET through the code is short: few files to read to follow it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from tests.pages.rows import ALL, names
from tests.parts.calls import counted_calls

pytestmark = pytest.mark.django_db

MAX_FILES = 40
#: A filter, a word to search for, tags, a sort by a metric and metric columns.
ADDRESS = (
    ALL
    + "?"
    + urlencode(
        {
            "q": "resnet metrics.acc > 0.05 and tags.model = resnet",
            "sort": "-metrics.acc",
            "columns": "name,status,created,tags,metrics.acc",
        }
    )
)


def test_the_run_list_enters_few_files(visitor: Client, log: Any) -> None:
    for number in range(1, 5):
        log(f"run-{number}", acc=0.2 * number, tags={"model": "resnet"})
    visitor.get(ADDRESS)
    with counted_calls() as calls:
        page = visitor.get(ADDRESS)
    assert names(page) == ["run-4", "run-3", "run-2", "run-1"]
    entered = sorted(calls.files)
    assert len(entered) <= MAX_FILES, "\n".join(entered)
