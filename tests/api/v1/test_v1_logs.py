"""Logs over REST."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runs.search.logs import log_source
from runs.storage.logs import BLOCK_BYTES, log_reader
from tests.api.rest import Rest

LOG = b"""\
2026-11-24 12:27:40Z INFO step 1
Traceback (most recent call last):
  File "a.py", line 1, in <module>
ValueError: bad
2026-11-24 12:27:50Z INFO step 2
"""


@pytest.fixture(autouse=True)
def run(rest: Rest, files_dir: Path) -> None:
    rest.new_run("r1")
    rest.send("PUT", "runs/r1/files/user_logs/std_log.txt", LOG, "text/plain")


def lines(rest: Rest, **query: Any) -> list[int]:
    return [line["line"] for line in rest.get("runs/r1/logs", **query)["lines"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, [1, 2, 3, 4, 5]),
        ({"end": 1, "count": 2}, [4, 5]),
        ({"line": 4}, [4, 5]),
        ({"level": "info"}, [1, 5]),
        ({"q": "STEP \\d", "regex": 1}, [1, 5]),
        ({"q": "STEP", "case": 1}, []),
        ({"since": len(LOG)}, []),
        ({"since": 10, "count": 2}, [1, 2]),
        ({"since": 10, "count": 2, "end": 1}, [4, 5]),
        ({"before": 4, "count": 2}, [2, 3]),
        ({"before": 5, "q": "step"}, [1]),
    ],
)
def test_lines_of_the_main_log(rest: Rest, query: Any, expected: list[int]) -> None:
    assert lines(rest, **query) == expected


def test_a_line_has_what_a_script_needs(rest: Rest) -> None:
    reply = rest.get("runs/r1/logs", line=1, count=1)
    assert reply["path"] == "user_logs/std_log.txt"
    assert (reply["total"], reply["size"]) == (5, len(LOG))
    assert (reply["from_line"], reply["next_line"], reply["next_byte"]) == (1, 2, 33)
    assert reply["lines"][0] == {
        "line": 1,
        "text": "2026-11-24 12:27:40Z INFO step 1",
        "level": "info",
        "time": 1795523260000,
        "folded": 0,
        "in_traceback": False,
    }


def test_the_line_of_a_moment(rest: Rest) -> None:
    assert rest.get("runs/r1/logs", at=1795523269000)["moment"] == 1
    assert rest.get("runs/r1/logs", at=1795523270000)["moment"] == 5


@pytest.mark.parametrize("address", ["logs?end=1", "logs?line=9000", "logs/outline"])
def test_a_request_counts_only_a_part_of_a_large_log(
    rest: Rest, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_source, "COUNT_SECONDS", 0)
    monkeypatch.setattr(log_reader, "SAVED_BLOCKS", 2)
    text = b"INFO a line\n" * (5 * BLOCK_BYTES // 12 + 1)
    rest.send("PUT", "runs/r1/files/user_logs/std_log.txt", text, "text/plain")
    for percent in (40, 80):
        answer = rest.send("GET", f"runs/r1/{address}")
        assert (answer.status_code, answer["Retry-After"]) == (503, "1")
        assert answer.json()["error"]["percent"] == percent
    assert rest.get(f"runs/r1/{address}")["total"] == len(text) // 12


def test_a_search_continues(rest: Rest) -> None:
    first = rest.get("runs/r1/logs/search", q="step", limit=1)
    assert [(hit["line"], hit["marks"]) for hit in first["hits"]] == [(1, [[26, 30]])]
    second = rest.get("runs/r1/logs/search", q="step", after=first["next"])
    assert [hit["line"] for hit in second["hits"]] == [5]
    assert second["next"] == ""


def test_an_outline_has_tracebacks(rest: Rest) -> None:
    outline = rest.get("runs/r1/logs/outline")
    (found,) = outline["tracebacks"]
    assert (found["line"], found["last_line"], found["name"]) == (2, 4, "ValueError")
    assert outline["levels"] == {"info": 1}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("logs?path=none.txt", 404),
        ("logs?path=../a", 400),
        ("logs?level=loud", 400),
        ("logs?count=0", 400),
        ("logs?at=x", 400),
        ("logs/search?q=(&regex=1", 400),
        ("logs/search", 400),
    ],
)
def test_wrong_requests_are_refused(rest: Rest, path: str, status: int) -> None:
    assert rest.refused("GET", f"runs/r1/{path}")[0] == status


def test_a_run_without_a_log_says_so(rest: Rest) -> None:
    rest.new_run("r2")
    assert rest.refused("GET", "runs/r2/logs")[0] == 404
