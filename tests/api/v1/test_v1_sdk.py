"""What the SDK asks of REST: all values, children at once, files once, gzip."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from runs.search.values import unsampled_points
from tests.api.rest import JSON, Rest


@pytest.fixture
def tree(rest: Rest) -> Rest:
    rest.new_run("top")
    rest.new_run("mid", parent="top")
    rest.new_run("low", parent="mid")
    rest.new_run("other")
    return rest


def logged(rest: Rest, run_id: str, **query: Any) -> dict[tuple[str, str], list[Any]]:
    """All values by run and key, over as many pages as it takes."""
    found: dict[tuple[str, str], list[Any]] = {}
    while True:
        page = rest.get(f"runs/{run_id}/values", **query)
        for part in page["series"]:
            found.setdefault((part["run"], part["key"]), []).extend(part["values"])
        if not page["after"]:
            return found
        query["after"] = page["after"]


def test_values_are_returned_in_the_order_of_logging(tree: Rest) -> None:
    tree.points("top", *[{"key": "m", "value": v, "step": -v} for v in (1, 2, 3)])
    tree.points("top", {"key": "m", "value": "four", "step": 0}, sequence=1)
    assert logged(tree, "top") == {("top", "m"): [1, 2, 3, "four"]}


@pytest.mark.parametrize("limit", [1, 7, 300, 100_000])
def test_pages_of_values_have_no_gaps_or_repetitions(tree: Rest, limit: int) -> None:
    for sequence in range(3):
        values = range(200 * sequence, 200 * (sequence + 1))
        points = [{"key": "n", "value": v} for v in values]
        tree.points("top", *points, {"key": "a", "value": 0.5}, sequence=sequence)
    query = {"limit": limit} if limit != 1 else {"limit": limit, "key": "a"}
    found = logged(tree, "top", **query)
    assert found.pop(("top", "a")) == [0.5] * 3
    assert found == ({} if limit == 1 else {("top", "n"): list(range(600))})


def test_system_metrics_can_be_left_out(tree: Rest) -> None:
    names = ("system/cpu", "systems", "loss")
    tree.points("top", *[{"key": name, "value": 1} for name in names])
    assert set(logged(tree, "top")) == {("top", name) for name in names}
    own = {("top", "systems"), ("top", "loss")}
    assert set(logged(tree, "top", system=0, limit=1)) == own
    assert set(logged(tree, "top", key="system/cpu")) == {("top", "system/cpu")}


def test_values_of_a_whole_run_tree_are_returned(tree: Rest) -> None:
    for run_id in ("top", "mid", "low", "other"):
        tree.points(run_id, {"key": "m", "value": run_id})
    assert logged(tree, "mid", recursive=1) == {
        ("mid", "m"): ["mid"],
        ("low", "m"): ["low"],
    }
    assert logged(tree, "low") == {("low", "m"): ["low"]}
    assert logged(tree, "top", key="nosuch") == {}


@pytest.mark.parametrize("short", [0, 50])
def test_values_of_many_metrics_are_paged(
    tree: Rest, monkeypatch: pytest.MonkeyPatch, short: int
) -> None:
    monkeypatch.setattr(unsampled_points, "MAX_SERIES", 3)
    monkeypatch.setattr(unsampled_points, "SERIES_PER_QUERY", 2)
    monkeypatch.setattr(unsampled_points, "MAX_SHORT_POINTS", short)
    names = [f"n{number}" for number in range(8)]
    for sequence in range(2):
        points = [{"key": name, "value": sequence} for name in names]
        tree.points("top", *points, sequence=sequence)
    tree.points("mid", {"key": "n0", "value": "mid"})
    wanted = {("top", name): [0, 1] for name in names}
    assert logged(tree, "top") == logged(tree, "top", limit=1) == wanted
    assert len(tree.get("runs/top/values")["series"]) == 3
    assert logged(tree, "top", recursive=1) == {**wanted, ("mid", "n0"): ["mid"]}


def test_a_forged_cursor_of_values_is_refused(tree: Rest) -> None:
    for after in ("x", "1", "1.x", "-1.2", "1." + 20 * "9"):
        status, error = tree.refused("GET", f"runs/top/values?after={after}")
        assert (status, error["code"]) == (400, "InvalidValue")


def ids(rest: Rest, **query: Any) -> set[str]:
    return {found["run"]["id"] for found in rest.get("runs", **query)["runs"]}


def test_descendants_at_any_depth_are_listed(tree: Rest) -> None:
    tree.ok("POST", "runs/low/tags", {"set": {"deep": None}})
    assert ids(tree, below="top") == {"mid", "low"}
    assert ids(tree, below="mid") == {"low"}
    assert ids(tree, below="low") == set()
    assert ids(tree, below="top", q="tag:deep") == {"low"}
    assert ids(tree, parent="top") == {"mid"}


def test_one_request_creates_many_children(tree: Rest) -> None:
    wanted = [{"id": f"c{n}", "tags": {"n": str(n)}} for n in range(100)]
    made = tree.ok("POST", "runs/top/children", {"children": wanted}, 201)["runs"]
    assert [run["id"] for run in made] == [child["id"] for child in wanted]
    assert {run["parent"] for run in made} == {"top"}
    assert {run["status"] for run in made} == {"Running"}
    assert tree.get("runs/c7/tags")["tags"] == {"n": "7"}


def test_creating_the_same_children_again_returns_the_existing_ones(tree: Rest) -> None:
    body = {"children": [{"id": "c1"}, {"id": "c2"}]}
    first = tree.ok("POST", "runs/top/children", body, 201)
    assert tree.ok("POST", "runs/top/children", body, 201) == first
    assert len(ids(tree, parent="top")) == 3


def test_all_children_are_created_or_none(tree: Rest) -> None:
    body = {"children": [{"id": "c1"}, {"id": "other"}]}
    assert tree.refused("POST", "runs/top/children", body)[0] == 409
    body = {"children": [{"id": f"c{n}"} for n in range(101)]}
    assert tree.refused("POST", "runs/top/children", body)[0] == 400
    assert ids(tree, parent="top") == {"mid"}


def test_an_upload_can_refuse_to_overwrite(rest: Rest) -> None:
    rest.new_run("r1")

    def put(content: bytes, **query: Any) -> int:
        address = "runs/r1/files/out.txt" + ("?overwrite=0" if query else "")
        answer = rest.send("PUT", address, content, "application/octet-stream")
        return int(answer.status_code)

    assert put(b"one", overwrite=0) == 200
    assert put(b"one", overwrite=0) == 200
    assert put(b"two", overwrite=0) == 409
    assert put(b"two") == 200


def compressed(rest: Rest, body: bytes, coding: str = "gzip") -> Any:
    return rest.client.post(
        rest.url("experiments"), body, JSON, headers={"Content-Encoding": coding}
    )


def test_a_gzip_body_is_accepted(rest: Rest) -> None:
    answer = compressed(rest, gzip.compress(b'{"name": "fashion"}'))
    assert (answer.status_code, answer.json()["name"]) == (201, "fashion")


def test_another_content_encoding_is_refused(rest: Rest) -> None:
    assert compressed(rest, b"{}", "br").status_code == 400


@pytest.mark.parametrize("cut", [0, 5, -1])
def test_a_broken_gzip_is_refused(rest: Rest, cut: int) -> None:
    answer = compressed(rest, gzip.compress(b'{"name": "digits"}')[:cut])
    assert (answer.status_code, answer.json()["error"]["code"]) == (
        400,
        "InvalidRequest",
    )


def test_data_after_the_gzip_stream_is_refused(rest: Rest) -> None:
    answer = compressed(rest, gzip.compress(b'{"name": "digits"}') + b"more")
    assert answer.status_code == 400


def test_a_gzip_bomb_is_refused(rest: Rest, settings: Any) -> None:
    settings.MAX_BODY = 1000
    answer = compressed(rest, gzip.compress(b'{"name": "%s"}' % (b"x" * 100_000)))
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "TooLarge")
