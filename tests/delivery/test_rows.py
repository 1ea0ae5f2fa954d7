"""Rows by number: each is applied once, whatever comes twice, late, or in between."""

from __future__ import annotations

from typing import Any

import pytest

from runs.models import RunWriter
from studio.core import names
from tests.api.rest import Rest


def send(rest: Rest, first: int, *rows: Any, run: str = "r1") -> Any:
    body = {"first": first, "rows": list(rows)}
    return rest.ok("POST", f"runs/{run}/writers/w1/rows", body)


def values(rest: Rest, key: str = "m") -> Any:
    answer = rest.get(f"runs/r1/metrics/{key}")
    return list(zip(answer["steps"], answer["values"], strict=True))


@pytest.fixture(autouse=True)
def run(rest: Rest) -> None:
    rest.new_run()


def test_rows_arrive_in_their_order(rest: Rest) -> None:
    answer = send(rest, 0, ["m", 0.5], ["m", 0.25, None, 7], ["m", 1, 9])
    assert answer == {"next": 3, "applied": 3, "refused": [], "cancel": False}
    assert values(rest) == [(0, 0.5), (1, 0.25), (9, 1)]


def test_a_repeated_batch_changes_nothing(rest: Rest) -> None:
    send(rest, 0, ["m", 1.0], ["m", 2.0])
    assert send(rest, 0, ["m", 1.0], ["m", 2.0])["applied"] == 0
    assert values(rest) == [(0, 1.0), (1, 2.0)]


def test_repeated_rows_can_be_split_differently(rest: Rest) -> None:
    send(rest, 0, ["m", 1.0], ["m", 2.0])
    answer = send(rest, 1, ["m", 2.0], ["m", 3.0])
    assert (answer["next"], answer["applied"]) == (3, 1)
    assert values(rest) == [(0, 1.0), (1, 2.0), (2, 3.0)]


def test_a_gap_is_reported_with_the_next_expected_number(rest: Rest) -> None:
    send(rest, 0, ["m", 1.0])
    body = {"first": 5, "rows": [["m", 2.0]]}
    status, error = rest.refused("POST", "runs/r1/writers/w1/rows", body)
    assert (status, error["code"], error["expected"]) == (409, "Conflict", 1)
    assert values(rest) == [(0, 1.0)]


def test_each_writer_numbers_its_own_rows(rest: Rest) -> None:
    send(rest, 0, ["m", 1.0])
    body = {"first": 0, "rows": [["m", 2.0]]}
    answer = rest.ok("POST", "runs/r1/writers/w2/rows", body)
    assert answer["applied"] == 1
    assert values(rest) == [(0, 1.0), (1, 2.0)]


def test_every_scalar_round_trips(rest: Rest) -> None:
    logged = [0.5, 3, True, None, "text", "NaN", 2**70]
    send(rest, 0, *(["m", value] for value in logged))
    assert [value for _, value in values(rest)] == logged


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("table", {"x": 1, "y": [1, 2]}),
        ("confusion_matrix", {"matrix": [[1, 2], [3, 4]]}),
        ("image", "plot_1.png"),
    ],
)
def test_lists_tables_and_images_round_trip(rest: Rest, kind: str, value: Any) -> None:
    send(rest, 0, ["m", value, None, None, kind])
    assert rest.get("runs/r1/metrics/m")["kind"] == kind
    assert values(rest) == [(0, value)]


@pytest.mark.parametrize(
    ("row", "word"),
    [
        (["", 1.0], "key"),
        (["k" * 256, 1.0], "key"),
        (["m", "x" * 70_000], "65536"),
        (["m", 1.0, 2**63], "64 bits"),
        (["m", 1.0, 0, -1], "time"),
        (["m", {"a": 1}], "list or object"),
        (["m", 1.0, None, None, "pie"], "kind"),
        (["m", ["x" * 1100] * 1000, None, None, "table"], "1048576"),
    ],
)
def test_only_the_invalid_row_is_refused(rest: Rest, row: list[Any], word: str) -> None:
    answer = send(rest, 0, ["m", 1.0], row, ["m", 2.0])
    assert (answer["next"], answer["applied"]) == (3, 2)
    [refused] = answer["refused"]
    assert refused["row"] == 1
    assert word in refused["message"]
    assert RunWriter.objects.get().stored_points == 2


def test_a_dropped_row_uses_up_its_number(rest: Rest) -> None:
    assert send(rest, 0, None, ["m", 1.0]) == {
        "next": 2,
        "applied": 1,
        "refused": [],
        "cancel": False,
    }


def test_a_run_skips_names_over_its_limit_and_continues(
    rest: Rest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(names, "MAX_METRIC_NAMES", 2)
    answer = send(rest, 0, ["a", 1], ["b", 1], ["c", 1], ["a", 2])
    assert (answer["next"], answer["applied"]) == (4, 3)
    assert "'c' was not stored" in answer["refused"][0]["message"]


def test_the_response_reports_a_cancel_request(rest: Rest) -> None:
    rest.post("runs/r1/cancel")
    assert send(rest, 0, ["m", 1.0])["cancel"] is True


def test_a_writer_name_follows_the_rules_of_run_ids(rest: Rest) -> None:
    body = {"first": 0, "rows": []}
    status, error = rest.refused("POST", "runs/r1/writers/a.b/rows", body)
    assert (status, error["code"]) == (400, "InvalidName")
